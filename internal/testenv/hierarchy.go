package testenv

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// hierarchy is one mounted tree of control groups.
type hierarchy struct {
	version     int
	path        string   // where it is mounted
	controllers []string // v1: the mount's options; v2: cgroup.controllers
}

func (h hierarchy) has(controller string) bool { return slices.Contains(h.controllers, controller) }

func hierarchies() []hierarchy {
	var all []hierarchy
	for _, m := range mounts() {
		switch m.kind {
		case "cgroup":
			all = append(all, hierarchy{1, m.point, strings.Split(m.options, ",")})
		case "cgroup2":
			text, _ := os.ReadFile(filepath.Join(m.point, "cgroup.controllers"))
			all = append(all, hierarchy{2, m.point, strings.Fields(string(text))})
		}
	}
	return all
}

// mount is what one line of mountinfo says; see proc_pid_mountinfo(5).
type mount struct{ point, kind, source, options string }

// mounts reads the mounts of the calling thread's namespace. Not those of /proc/self: that is
// the first thread, which a test may have thrown away in another namespace.
func mounts() []mount {
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return nil
	}
	var all []mount
	for line := range strings.Lines(string(text)) {
		if m, ok := parseMount(line); ok {
			all = append(all, m)
		}
	}
	return all
}

// parseMount takes a line apart: six fields, any number of optional ones, "-", and three more.
func parseMount(line string) (mount, bool) {
	before, after, ok := strings.Cut(line, " - ")
	head, tail := strings.Fields(before), strings.Fields(after)
	if !ok || len(head) < 6 || len(tail) < 3 {
		return mount{}, false
	}
	return mount{point: unescape.Replace(head[4]), kind: tail[0], source: tail[1], options: tail[2]}, true
}

// unescape undoes what the kernel does to the four characters that would break a line.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
