package doctor

import (
	"os"
	"path/filepath"
	"strings"
)

// The PID namespace that the machine starts with has a fixed number; see PROC_PID_INIT_INO of the kernel.
const firstPIDNamespace = "pid:[4026531836]"

// container names the engine whose container this is. Each engine leaves another trace, and one that leaves none is still
// known by its namespace of processes. Docker's file counts only with a second sign: a virtual machine that was made from an
// image has it too.
func container(root string, m Machine) string {
	pid, err := os.Readlink(filepath.Join(root, "proc/self/ns/pid"))
	own := err == nil && pid != firstPIDNamespace && m.WSL == 0 // of WSL every distribution is in one
	if exists(root, ".dockerenv") && (own || m.RootFS == "overlay") {
		return "docker"
	}
	if exists(root, "run/.containerenv") {
		return "podman"
	}
	if name := readWord(root, "run/systemd/container"); name != "" && name != "wsl" {
		return name
	}
	if name := containerVariable(readWord(root, "proc/1/environ")); name != "" {
		return name
	}
	for _, word := range [...][2]string{{"kubepods", "kubernetes"}, {"docker", "docker"}, {"libpod", "podman"}, {"lxc", "lxc"}} {
		if strings.Contains(readWord(root, "proc/1/cgroup"), "/"+word[0]) {
			return word[1]
		}
	}
	if own {
		return "container"
	}
	return ""
}

// containerVariable finds container=ENGINE among the variables of process 1; see systemd's container interface.
func containerVariable(environ string) string {
	for entry := range strings.SplitSeq(environ, "\x00") {
		if name, ok := strings.CutPrefix(entry, "container="); ok && name != "" {
			return name
		}
	}
	return ""
}

func exists(root, path string) bool {
	_, err := os.Lstat(filepath.Join(root, path))
	return err == nil
}
