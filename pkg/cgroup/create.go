package cgroup

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/container-labs/lab/internal/kernel"
)

// CreateOps returns the calls that make the group and set its limits, in order. The group must not exist; the groups
// above it may. What the list needs to know of the groups above (is a controller enabled? which CPUs?) is read now.
//
// For each tree of v1: mkdir of the parents, mkdir of the group, the limits. In cpuset, cpus and mems are copied
// down from above, because a group there is born without any and takes no task (ENOSPC) until it has both. In v2 the
// controllers are enabled on the way down: "+cpu +memory" to the cgroup.subtree_control of every group above,
// where only what is missing is added. That is EBUSY where a group above has members of its own: pass the error to [Explain].
//
// The v2 device program is no file: [Group.AttachDevices] after the list.
func (g *Group) CreateOps() ([]kernel.Op, error) {
	if g.err != nil {
		return nil, g.err
	}
	ops := make([]kernel.Op, 0, 64)
	for i := range g.seats {
		steps, err := g.make(&g.seats[i])
		if err != nil {
			return nil, err
		}
		for _, s := range steps {
			ops = s.appendOps(ops)
		}
	}
	return ops, nil
}

// Create makes the group with its limits. When it fails half-way, what it made is removed; a group that was there before it
// never is.
//
// Kernel: mkdir(2), write(2), bpf(2) for device rules on v2. Errors: EEXIST when the group is there already.
func (g *Group) Create() error {
	if g.err != nil {
		return g.err
	}
	for i := range g.seats {
		made, err := g.createIn(&g.seats[i])
		if err != nil {
			if made {
				i++
			}
			g.undo(i)
			return Explain(err)
		}
	}
	if err := g.AttachDevices(); err != nil {
		g.undo(len(g.seats))
		return err
	}
	return nil
}

// createIn makes the group in one tree. made says whether its directory is there because of that.
func (g *Group) createIn(s *seat) (made bool, err error) {
	steps, err := g.make(s)
	if err != nil {
		return false, err
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return made, err
		}
		made = made || step.mkdir == s.dir
	}
	return made, nil
}

// undo removes the group from the first n trees.
func (g *Group) undo(n int) {
	for i := range g.seats[:n] {
		_, _ = kernel.Do(removeGroup(g.seats[i].dir))
	}
}

// above returns the directories from the top of the subtree to the group's parent: the first is the tree's own.
func (g *Group) above(s *seat) []string {
	top := s.tree.Dir + s.tree.Base
	list := []string{top}
	for i, c := range g.Path {
		if c == '/' {
			list = append(list, top+"/"+g.Path[:i])
		}
	}
	return list
}

// make lists what makes the group in one tree.
func (g *Group) make(s *seat) ([]step, error) {
	if s.tree.Version == 2 {
		return g.makeV2(s), nil
	}
	return g.makeV1(s)
}

func (g *Group) makeV1(s *seat) ([]step, error) {
	var steps []step
	var inherited []setting
	for i, dir := range g.above(s) {
		if i > 0 {
			steps = append(steps, step{mkdir: dir, parent: true})
		}
		if s.has("cpuset") {
			own, err := readCpuset(dir)
			if err != nil {
				return nil, err
			}
			if own == nil {
				steps = appendWrites(steps, dir, inherited)
				continue
			}
			inherited = own
		}
	}
	steps = append(steps, step{mkdir: s.dir})
	if s.has("cpuset") {
		steps = appendWrites(steps, s.dir, inherited)
	}
	return appendWrites(steps, s.dir, g.settings(s, &g.limits, fresh)), nil
}

// readCpuset returns what a v1 cpuset group would hand down, nil when it is not there or has nothing yet.
func readCpuset(dir string) ([]setting, error) {
	cpus, err := readLine(dir + "/cpuset.cpus")
	if errors.Is(err, os.ErrNotExist) || (err == nil && cpus == "") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	mems, err := readLine(dir + "/cpuset.mems")
	if err != nil || mems == "" {
		return nil, err
	}
	return []setting{{"cpuset.cpus", []string{cpus}}, {"cpuset.mems", []string{mems}}}, nil
}

func (g *Group) makeV2(s *seat) []step {
	var steps []step
	want := s.enable()
	for i, dir := range g.above(s) {
		if i > 0 {
			steps = append(steps, step{mkdir: dir, parent: true})
		}
		if missing := notEnabled(dir, want); missing != "" {
			steps = append(steps, step{path: dir + "/cgroup.subtree_control", values: []string{missing}})
		}
	}
	steps = append(steps, step{mkdir: s.dir})
	return appendWrites(steps, s.dir, g.settings(s, &g.limits, fresh))
}

// enable lists the v2 controllers that the group needs from above, by v2's names.
func (s *seat) enable() []string {
	var list []string
	for _, c := range s.use {
		if c == "blkio" {
			c = "io"
		}
		if !builtIn(c) {
			list = append(list, c)
		}
	}
	return list
}

// notEnabled returns what to write to a group's cgroup.subtree_control, "" when all is there.
func notEnabled(dir string, want []string) string {
	if len(want) == 0 {
		return ""
	}
	line, _ := readLine(dir + "/cgroup.subtree_control") // a group that is not there yet has none
	have := strings.Fields(line)
	var missing []string
	for _, c := range want {
		if !slices.Contains(have, c) {
			missing = append(missing, "+"+c)
		}
	}
	return strings.Join(missing, " ")
}
