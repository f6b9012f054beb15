package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine is what a machine says of itself.
type Machine struct {
	Kernel       string `json:"kernel"`         // release: "6.1.0-44-amd64"
	Architecture string `json:"architecture"`   // as Go names it: "amd64"
	Distribution string `json:"distribution"`   // PRETTY_NAME of os-release
	Family       Family `json:"family"`         // whose commands are right here
	WSL          int    `json:"wsl"`            // 0, 1 or 2
	Container    string `json:"container"`      // the engine whose container this is, "container" where it does not say; "" for none
	UserNS       bool   `json:"user_namespace"` // not the machine's first user namespace
	Proc         string `json:"proc"`           // what is at /proc: "own", "other" (another PID namespace's) or "none"
	RootFS       string `json:"root_file_system"`
	Limits       Limits `json:"user_namespace_limits"`

	mounts []mount
}

// Look reads the files that say it, below root, which is "/" but in tests. What cannot be read is left empty.
//
// Kernel: /proc/version, /proc/sys/kernel/osrelease, /proc/sys, /proc/self/mountinfo; os-release(5).
func Look(root string) Machine {
	m := Machine{
		Kernel:       readWord(root, "proc/sys/kernel/osrelease"),
		Architecture: runtime.GOARCH,
		WSL:          wslVersion(readWord(root, "proc/version")),
		Limits:       readLimits(root),
		UserNS:       otherUsers(readWord(root, "proc/self/uid_map")),
		Proc:         procOf(root),
		mounts:       parseMounts(readWord(root, "proc/self/mountinfo")),
	}
	if m.Kernel == "" {
		m.Kernel = unameRelease()
	}
	text := readWord(root, "etc/os-release")
	if text == "" {
		text = readWord(root, "usr/lib/os-release")
	}
	release := parseOSRelease(text)
	m.Distribution, m.Family = release["PRETTY_NAME"], family(release)
	if m.WSL > 0 {
		m.Family = WSL
	}
	if on := mountOf(m.mounts, "/"); on != nil {
		m.RootFS = on.kind
	}
	m.Container = container(root, m)
	return m
}

// procOf says whose proc file system is mounted. In one of another PID namespace lab has another number than it knows itself, or none.
func procOf(root string) string {
	number, err := os.Readlink(filepath.Join(root, "proc/self"))
	switch {
	case err == nil && number == strconv.Itoa(os.Getpid()):
		return "own"
	case err == nil || exists(root, "proc/uptime"):
		return "other"
	}
	return "none"
}

// wholeMap is the map of the user namespace that a machine starts with; see user_namespaces(7).
const wholeMap = "0 0 4294967295"

// otherUsers reads /proc/self/uid_map. Without one, in a kernel without user namespaces, there is only the first.
func otherUsers(text string) bool {
	return text != "" && strings.Join(strings.Fields(text), " ") != wholeMap
}

// confines tells whether an error may come from what is around lab here rather than from the machine.
func (m Machine) confines(err error) bool {
	for _, e := range [...]error{unix.EPERM, unix.EACCES, unix.EROFS, unix.ENOSYS} {
		if errors.Is(err, e) {
			return m.Container != "" || m.UserNS
		}
	}
	return false
}

// wayOut is what to type where something confines.
func (m Machine) wayOut() Mend {
	switch m.Container {
	case "docker", "podman", "lab":
		return Mend{Any: m.Container + " run --privileged …    # this container, started again"}
	case "":
		return Mend{Any: "exit    # and run lab outside of this user namespace"}
	}
	return Mend{Any: "lab run --privileged …    # this container, started again"}
}

// readWord reads a small file; "" where there is none.
func readWord(root, path string) string {
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// parseOSRelease reads os-release(5): NAME=value, where the value may be quoted as in a shell.
func parseOSRelease(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		values[name] = strings.NewReplacer(`\"`, `"`, `\$`, `$`, "\\`", "`", `\\`, `\`).Replace(value)
	}
	return values
}

// family finds the ancestor whose commands work here: the ID itself, or one of ID_LIKE, the nearest first.
func family(release map[string]string) Family {
	for word := range strings.FieldsSeq(release["ID"] + " " + release["ID_LIKE"]) {
		switch word {
		case "ubuntu":
			return Ubuntu
		case "debian":
			return Debian
		case "fedora", "rhel", "centos":
			return Fedora
		}
	}
	return Other
}

// wslVersion reads /proc/version: the kernel of WSL 2 is Linux, built by Microsoft; WSL 1 is no Linux and calls itself 4.4.
func wslVersion(version string) int {
	lower := strings.ToLower(version)
	switch {
	case !strings.Contains(lower, "microsoft"):
		return 0
	case strings.Contains(lower, "wsl2"), !strings.HasPrefix(lower, "linux version 4.4."):
		return 2
	}
	return 1
}
