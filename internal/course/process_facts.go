package course

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// uid is the effective user, as seen from here.
func (p *process) uid() (int, error) {
	text, err := p.status("Uid")
	if err != nil {
		return 0, err
	}
	if f := strings.Fields(text); len(f) >= 2 {
		return strconv.Atoi(f[1])
	}
	return 0, os.ErrNotExist
}

// inside is the process's number in its own PID namespace.
func (p *process) inside() (int, error) {
	text, err := p.status("NSpid")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(text)
	if len(f) == 0 {
		return 0, os.ErrNotExist
	}
	return strconv.Atoi(f[len(f)-1])
}

// membership is a process's group in one tree.
type membership struct {
	controllers []string // of v1; empty is v2
	path        string   // without the leading slash; "" is the top
}

// groups reads /proc/PID/cgroup; see cgroups(7).
func (p *process) groups() ([]membership, error) {
	text, err := os.ReadFile(procFile(p.PID, "cgroup"))
	if err != nil {
		return nil, err
	}
	return parseGroups(string(text)), nil
}

func parseGroups(text string) []membership {
	var all []membership
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		m := membership{path: strings.Trim(f[2], "/")}
		if f[1] != "" {
			m.controllers = strings.Split(f[1], ",")
		}
		all = append(all, m)
	}
	return all
}

// course is the value of that variable which the process was started with; "" for none, or where we may not look.
func (p *process) course() string {
	text, err := os.ReadFile(procFile(p.PID, "environ"))
	if err != nil {
		return ""
	}
	for entry := range strings.SplitSeq(string(text), "\x00") {
		if value, ok := strings.CutPrefix(entry, courseVariable+"="); ok {
			return value
		}
	}
	return ""
}

// login is the user who logged in to start the process, whatever sudo has made of them since; "" for none. See
// proc_pid_loginuid(5).
func (p *process) login() string {
	text, err := os.ReadFile(procFile(p.PID, "loginuid"))
	if err != nil || string(text) == "4294967295" {
		return ""
	}
	return string(text)
}

// courseVariable says in the environment where a course is kept, if not in the usual place: so that several learners, or
// tests, on one machine do not take each other's processes for their own.
const courseVariable = "LAB_COURSE"

// everyKind spells "all" out.
func everyKind(list Strings) []string {
	if slices.Contains(list, "all") {
		var all []string
		for _, kind := range kinds {
			if exists("/proc/self/ns/" + kind) {
				all = append(all, kind)
			}
		}
		return all
	}
	return list
}
