package cgroup

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

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
