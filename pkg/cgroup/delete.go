package cgroup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
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

// remove removes one directory and what is below it. The usual case is one rmdir and no look before.
func (g *Group) remove(dir string, end time.Time) error {
	for wait := time.Duration(0); ; wait = longer(wait) {
		_, err := kernel.Do(removeGroup(dir))
		if err == nil || !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return err
		}
		pids, err := procsBelow(dir)
		if ignoreGone(err) != nil {
			return err
		}
		if len(pids) > 0 {
			if err := g.Kill(unix.SIGKILL); err != nil {
				return err
			}
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
		if len(children) == 0 {
			time.Sleep(wait)
		}
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

// Open returns the group of that path, which must exist in at least one tree; it sits where it exists.
// Limits that it has are not read.
func (m *Machine) Open(path string) (*Group, error) {
	g := &Group{Path: path, machine: m}
	if err := cleanPath(path); err != nil {
		return nil, err
	}
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		dir := h.Dir + h.Base + "/" + path
		if h.Name != "" || !exists(dir) {
			continue
		}
		s := seat{tree: h, dir: dir}
		for _, c := range allControllers {
			if m.Where(c) == h && (h.Version == 1 || builtIn(c) || enabled(dir, c)) {
				s.use = append(s.use, c)
			}
		}
		g.seats = append(g.seats, s)
	}
	if len(g.seats) == 0 {
		return nil, fmt.Errorf("open group %s: %w", path, os.ErrNotExist)
	}
	return g, nil
}

// allControllers are those that limits can ask for.
var allControllers = [...]string{"cpu", "cpuacct", "memory", "pids", "devices", "freezer", "cpuset", "blkio", "hugetlb"}

// enabled says whether a v2 group has a controller.
func enabled(dir, controller string) bool {
	if controller == "blkio" {
		controller = "io"
	}
	line, _ := readLine(dir + "/cgroup.controllers")
	return slices.Contains(strings.Fields(line), controller)
}

// List returns the paths of the groups below path, of all trees together, sorted: "lab/web", "lab/web/child". A path
// that does not exist has none.
func (m *Machine) List(path string) ([]string, error) {
	if err := cleanPath(path); err != nil {
		return nil, err
	}
	var all []string
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		var err error
		if all, err = listBelow(all, h.Dir+h.Base+"/", path); err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func listBelow(all []string, top, path string) ([]string, error) {
	names, err := childGroups(top + path)
	if err != nil {
		return all, ignoreGone(err)
	}
	for _, name := range names {
		below := path + "/" + name
		if all, err = listBelow(append(all, below), top, below); err != nil {
			return nil, err
		}
	}
	return all, nil
}
