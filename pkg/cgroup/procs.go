package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Procs returns the ids of the processes in the group and in the groups below it, sorted, each once. A process that is in
// the group in one tree only counts too. A process of another PID namespace, which has no id here, is not listed.
//
// Kernel: cgroup.procs, in every tree. The list is old when it is returned: use [Group.Kill] to signal.
func (g *Group) Procs() ([]int, error) {
	if g.err != nil {
		return nil, g.err
	}
	var all []int
	there := false
	for i := range g.seats {
		pids, err := procsBelow(g.seats[i].dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		there = true
		all = append(all, pids...)
	}
	if !there {
		return nil, fmt.Errorf("read group %s: %w", g.Path, unix.ENOENT)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// procsBelow reads one tree.
func procsBelow(dir string) ([]int, error) {
	data, err := os.ReadFile(dir + "/cgroup.procs")
	switch {
	case errors.Is(err, unix.ENODEV): // removed while it was open
		return nil, fmt.Errorf("read group %s: %w", dir, unix.ENOENT)
	case errors.Is(err, unix.EOPNOTSUPP): // a threaded group: its processes are listed further up
		data = nil
	case err != nil:
		return nil, fmt.Errorf("read the members of a group: %w", err)
	}
	var pids []int
	for word := range bytes.FieldsSeq(data) {
		if pid, err := strconv.Atoi(string(word)); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	children, err := childGroups(dir)
	if err != nil {
		return pids, ignoreGone(err)
	}
	for _, name := range children {
		more, err := procsBelow(dir + "/" + name)
		if ignoreGone(err) != nil {
			return nil, err
		}
		pids = append(pids, more...)
	}
	return pids, nil
}

// childGroups returns the names of a group's children. Their number is in the directory's link count, so a group without
// children, which is nearly every one, is not read.
func childGroups(dir string) ([]string, error) {
	var stat unix.Stat_t
	if err := unix.Lstat(dir, &stat); err != nil {
		return nil, fmt.Errorf("look at group %s: %w", dir, err)
	}
	if stat.Nlink == 2 {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the groups below %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
