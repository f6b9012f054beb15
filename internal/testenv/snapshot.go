package testenv

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// snapshot counts the things that this process holds, by a line that describes each.
type snapshot map[string]int

// without returns the lines of s that before does not have, in order.
func (s snapshot) without(before snapshot) []string {
	var more []string
	for line, n := range s {
		if n > before[line] {
			more = append(more, line)
		}
	}
	slices.Sort(more)
	return more
}

// look takes the snapshot. Mounts and links count only where the namespaces are our own.
func look(isolated bool) snapshot {
	s := snapshot{}
	if isolated {
		for _, m := range mounts() {
			s[fmt.Sprintf("mount %s (%s)", m.point, m.kind)]++
		}
		for _, name := range links() {
			s["link "+name]++
		}
	}
	for _, dir := range groups() {
		s["control group "+dir]++
	}
	for _, line := range files() {
		s[line]++
	}
	for _, pid := range children() {
		s[describe(pid)]++
	}
	return s
}

// links reads the names of the network devices of the calling thread's namespace.
func links() []string {
	text, _ := os.ReadFile("/proc/thread-self/net/dev")
	var names []string
	for line := range strings.Lines(string(text)) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// groups finds the control groups of this run in every mounted hierarchy.
func groups() []string {
	var dirs []string
	for _, h := range hierarchies() {
		_ = filepath.WalkDir(h.path, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipDir // somebody else's, and gone by now
			}
			if d.IsDir() && tagged(path, tag()) {
				dirs = append(dirs, path)
			}
			return nil
		})
	}
	return dirs
}

// removeParents removes the group that containers of this run were put below, where it is
// empty: a container removes its own group, not the one above, which others may be using.
func removeParents() {
	for _, h := range hierarchies() {
		_ = os.Remove(filepath.Join(h.path, tag()))
	}
}

// files describes the open files, but for the two kinds that the Go runtime opens when first
// needed and keeps.
func files() []string {
	const dir = "/proc/self/fd"
	entries, _ := os.ReadDir(dir)
	var lines []string
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]" {
			continue // the first is the directory being read
		}
		lines = append(lines, fmt.Sprintf("open file %s -> %s", e.Name(), target))
	}
	return lines
}

// children returns the processes whose parent this process is, the dead ones that nobody has
// waited for among them.
func children() []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if stat, err := os.ReadFile("/proc/" + e.Name() + "/stat"); err == nil && parent(stat) == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parent reads the parent from /proc/PID/stat: the second field after the name, which stands in
// parentheses and may contain anything; see proc_pid_stat(5).
func parent(stat []byte) int {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(string(fields[1]))
	return pid
}
