package course

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

// makeFence makes the lab's control group with its limits, and in it the one for shells.
func (v *View) makeFence() error {
	m, err := v.groups()
	if err != nil {
		return fmt.Errorf("make the fence: %w", err)
	}
	f := v.Lab.Fence
	var limits cgroup.Limits
	if f.Memory != "" {
		limits.Memory, _ = parseBytes(f.Memory)
	}
	limits.PIDs = int64(f.PIDs)
	limits.CPUQuota = int64(f.CPUs * 100000)
	inner := cgroup.Limits{}
	if slices.Contains(v.Lab.Needs.Controllers, "cpuset") {
		limits.CPUs, limits.Mems = cpusetTop(m)
		inner.CPUs, inner.Mems = limits.CPUs, limits.Mems
	}
	for _, g := range []*cgroup.Group{m.Group(v.fence(), limits), m.Group(v.fence()+"/shell", inner)} {
		if err := g.Create(); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the fence: %w", err)
		}
	}
	return v.moreTrees(m)
}

// cpusetTop is what a cpuset group may have at most.
func cpusetTop(m *cgroup.Machine) (cpus, mems string) {
	h := m.Where("cpuset")
	if h == nil {
		return "", ""
	}
	read := func(names ...string) string {
		for _, name := range names {
			if text, err := os.ReadFile(h.Dir + h.Base + "/" + name); err == nil && len(strings.TrimSpace(string(text))) > 0 {
				return strings.TrimSpace(string(text))
			}
		}
		return ""
	}
	return read("cpuset.cpus", "cpuset.cpus.effective"), read("cpuset.mems", "cpuset.mems.effective")
}

// moreTrees lets the fence be in the trees of controllers that pkg/cgroup uses only for limits: blkio, where a lab needs it.
func (v *View) moreTrees(m *cgroup.Machine) error {
	if !slices.Contains(v.Lab.Needs.Controllers, "blkio") {
		return nil
	}
	h := m.Where("blkio")
	if h == nil {
		return nil
	}
	top := h.Dir + h.Base
	if h.Version == 1 {
		if err := os.MkdirAll(top+"/"+v.fence()+"/shell", 0o755); err != nil {
			return fmt.Errorf("make the fence: %w", err)
		}
		return nil
	}
	at := top
	for _, name := range append([]string{""}, strings.Split(v.fence(), "/")...) {
		at = filepath.Join(at, name)
		if err := os.WriteFile(at+"/cgroup.subtree_control", []byte("+io"), 0); err != nil {
			return fmt.Errorf("make the fence: let %s pass on io: %w", at, err)
		}
	}
	return nil
}

// moveTerminal puts the shell that the caller was typed into in the fence. who is "" where there is none: in a script.
func (v *View) moveTerminal() (moved *Moved, who string, err error) {
	p := terminalShell()
	if p == nil {
		return nil, "", nil
	}
	m, err := v.groups()
	if err != nil {
		return nil, "", err
	}
	moved = &Moved{PID: p.PID, Start: p.Start, From: groupDirs(m, p)}
	// lab itself too, and what is between: sudo.
	for _, q := range append([]process{*p}, ancestorsUpTo(p.PID)...) {
		for tree := range moved.From {
			dir := tree + "/" + v.fence() + "/shell"
			if !exists(dir) {
				continue
			}
			if err := os.WriteFile(dir+"/cgroup.procs", fmt.Append(nil, q.PID), 0); err != nil {
				return moved, p.String(), fmt.Errorf("put %s into the fence: %w", &q, err)
			}
		}
	}
	return moved, p.String(), nil
}

// groupDirs notes the group of a process in each tree, by the tree's directory.
func groupDirs(m *cgroup.Machine, p *process) map[string]string {
	dirs := map[string]string{}
	groups, err := p.groups()
	if err != nil {
		return dirs
	}
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		for _, g := range groups {
			if h.Version == 2 && len(g.controllers) == 0 || h.Version == 1 && len(h.Controllers) > 0 && slices.Contains(g.controllers, h.Controllers[0]) {
				dirs[h.Dir+h.Base] = filepath.Join(h.Dir, g.path)
			}
		}
	}
	return dirs
}

// terminalShell finds the shell of the terminal: the nearest process above that has our terminal and is neither sudo nor
// su nor lab.
func terminalShell() *process {
	self, err := readProcess(os.Getpid())
	if err != nil {
		return nil
	}
	for p := self; p.Parent > 1; {
		if p, err = readProcess(p.Parent); err != nil {
			return nil
		}
		if p.TTY == 0 {
			return nil
		}
		if !slices.Contains([]string{"sudo", "su", "doas", "lab"}, p.Name) {
			return &p
		}
	}
	return nil
}

// ancestorsUpTo lists the caller and those above it, below pid.
func ancestorsUpTo(pid int) []process {
	var all []process
	for at := os.Getpid(); at > 1 && at != pid; {
		p, err := readProcess(at)
		if err != nil {
			break
		}
		all = append(all, p)
		at = p.Parent
	}
	return all
}
