package cgroup

import (
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// scratch is the slot for the files that are written one after another.
const scratch kernel.Slot = 31

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
		var err error
		if ops, err = g.make(ops, &g.seats[i]); err != nil {
			return nil, err
		}
	}
	return ops, nil
}

// make appends the calls for one tree.
func (g *Group) make(ops []kernel.Op, s *seat) ([]kernel.Op, error) {
	if s.tree.Version == 2 {
		return g.makeV2(ops, s)
	}
	return g.makeV1(ops, s)
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
		ops, err := g.make(nil, &g.seats[i])
		if err != nil {
			g.undo(i)
			return err
		}
		if err := kernel.DoAll(ops); err != nil {
			if failed := new(kernel.Error); errors.As(err, &failed) && failed.Op.Call != "mkdirat" {
				i++ // its mkdir was made
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

func makeParent(dir string) kernel.Op {
	return kernel.Mkdir(dir, 0o755).Ignoring(unix.EEXIST).For("make the parent group " + dir)
}

func makeGroup(dir string) kernel.Op {
	return kernel.Mkdir(dir, 0o755).For("make the group " + dir)
}

// makeV1 appends the calls for a tree of v1.
func (g *Group) makeV1(ops []kernel.Op, s *seat) ([]kernel.Op, error) {
	above := g.above(s)
	var inherited []setting
	for i, dir := range above {
		if i > 0 {
			ops = append(ops, makeParent(dir))
		}
		if s.has("cpuset") {
			own, err := readCpuset(dir)
			if err != nil {
				return nil, err
			}
			if own == nil {
				ops = appendWrites(ops, dir, inherited)
				continue
			}
			inherited = own
		}
	}
	ops = append(ops, makeGroup(s.dir))
	if s.has("cpuset") {
		ops = appendWrites(ops, s.dir, inherited)
	}
	return appendWrites(ops, s.dir, g.settings(s, &g.limits, fresh)), nil
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

// makeV2 appends the calls for the tree of v2.
func (g *Group) makeV2(ops []kernel.Op, s *seat) ([]kernel.Op, error) {
	want := s.enable()
	for i, dir := range g.above(s) {
		if i > 0 {
			ops = append(ops, makeParent(dir))
		}
		if missing := notEnabled(dir, want); missing != "" {
			ops = append(ops, kernel.WriteFile(scratch, dir+"/cgroup.subtree_control", missing)...)
		}
	}
	ops = append(ops, makeGroup(s.dir))
	return appendWrites(ops, s.dir, g.settings(s, &g.limits, fresh)), nil
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

// appendWrites appends the calls that write settings: open, a write for each value, close.
func appendWrites(ops []kernel.Op, dir string, list []setting) []kernel.Op {
	for _, s := range list {
		path := dir + "/" + s.file
		if len(s.values) == 1 {
			ops = append(ops, kernel.WriteFile(scratch, path, s.values[0])...)
			continue
		}
		ops = append(ops, kernel.Open(path, unix.O_WRONLY, 0).Into(scratch).For("open "+path))
		for _, v := range s.values {
			ops = append(ops, kernel.Write(scratch.Ref(), v).For("write "+v+" to "+path).AsShell("echo '"+v+"' > "+path))
		}
		ops = append(ops, kernel.Close(scratch.Ref()).For("close "+path))
	}
	return ops
}
