package cgroup

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Delete removes the group from every tree of the machine, with the groups below it; members are killed first. Trees that g
// itself does not use are included, so that the path alone is enough to undo what was made with other limits. It
// touches nothing above or beside. A group that is gone already, wholly or in part, is no error: Delete can be tried again
// after any failure.
//
// Kernel: rmdir(2), which is EBUSY while a member or a child is there, and for a moment after the last member's end.
// Errors: [ErrInside], [ErrStillThere], and EBUSY when that moment lasts longer than ten seconds.
func (g *Group) Delete() error {
	if err := cleanPath(g.Path); err != nil {
		return err
	}
	all := g.everywhere()
	end := time.Now().Add(killPatience)
	for i := range all.seats {
		if err := all.remove(all.seats[i].dir, end); err != nil {
			return fmt.Errorf("delete group %s: %w", g.Path, err)
		}
	}
	return nil
}

// everywhere returns the group of the same path with a seat in each tree.
func (g *Group) everywhere() *Group {
	all := &Group{Path: g.Path, machine: g.machine, seats: make([]seat, 0, len(g.machine.Hierarchies))}
	for i := range g.machine.Hierarchies {
		h := &g.machine.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		s := seat{tree: h, dir: h.Dir + h.Base + "/" + g.Path}
		if g.machine.Where("freezer") == h {
			s.use = []string{"freezer"}
		}
		all.seats = append(all.seats, s)
	}
	return all
}

// remove removes one directory and what is below it. The usual case is one rmdir and no look before. Members are looked for in
// groups without children only: to look through all below each would take a time that grows with the square of their depth.
func (g *Group) remove(dir string, end time.Time) error {
	for wait := time.Duration(0); ; wait = longer(wait) {
		_, err := kernel.Do(removeGroup(dir))
		if err == nil || !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return err
		}
		children, err := childGroups(dir)
		if ignoreGone(err) != nil {
			return err
		}
		for _, name := range children {
			if err := g.remove(dir+"/"+name, end); err != nil {
				return err
			}
		}
		if len(children) > 0 {
			continue
		}
		pids, err := procsBelow(dir)
		if ignoreGone(err) != nil {
			return err
		}
		if len(pids) > 0 {
			if err := g.Kill(unix.SIGKILL); err != nil { // all members, of the other groups below g too
				return err
			}
		}
		time.Sleep(wait)
	}
}

func removeGroup(dir string) kernel.Op {
	return kernel.Rmdir(dir).Ignoring(unix.ENOENT).For("remove the group " + dir)
}

// RemoveEmpty removes the group path from every tree where it is and has neither members nor children: it is for
// the parents that creating left behind, "lab". Groups that are in use stay, and that is no error. Somebody who makes a
// group below path at the same moment may find it gone, with ENOENT.
func (m *Machine) RemoveEmpty(path string) error {
	if err := cleanPath(path); err != nil {
		return err
	}
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		dir := h.Dir + h.Base + "/" + path
		if !exists(dir) {
			continue
		}
		op := kernel.Rmdir(dir).Ignoring(unix.ENOENT, unix.EBUSY).For("remove the group " + dir + " if it is empty")
		if _, err := kernel.Do(op); err != nil {
			return err
		}
	}
	return nil
}
