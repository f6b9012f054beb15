package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/internal/replace"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// do changes one container: first the group, where the kernel may refuse, then the files. What went wrong half-way is put back.
func (u *updating) do(root string, s container.State) error {
	dir := store.Open(root).Container(s.ID)
	lock, err := os.OpenFile(filepath.Join(dir, "update.lock"), os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return notThere(fmt.Errorf("update container %s: %w", s.Name, err), s)
	}
	_ = lock.Close()
	if lock, err = lockDirectory(filepath.Join(dir, "update.lock")); err != nil {
		return fmt.Errorf("update container %s: %w", s.Name, err)
	}
	defer lock.Close()
	if s, err = container.ReadState(dir); err == nil {
		err = mayUpdate(s)
	}
	if err != nil {
		return notThere(err, s)
	}
	settings, err := container.ReadSettings(dir)
	kept := err == nil // a container that lab runs in the foreground and then removes has none
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if u.restart != nil {
		if s.Remove && u.restart.String() != "no" {
			return fmt.Errorf("restart policy of container %s cannot be updated because it is removed when it ends (--rm)", s.Name)
		}
		if !kept {
			return fmt.Errorf("restart policy of container %s cannot be updated: lab itself runs it", s.Name)
		}
		settings.Restart = *u.restart
	}
	old, err := container.ReadLimits(dir)
	if err != nil {
		return err
	}
	limits, err := u.merged(old)
	if err != nil {
		return err
	}
	settings.Limits = limits
	if err := u.live(s, limits, old); err != nil {
		return err
	}
	err = container.WriteLimits(dir, limits)
	if err == nil && kept {
		if err = settings.Write(dir); err != nil {
			_ = container.WriteLimits(dir, old)
		}
	}
	if err != nil {
		_ = u.back(s, old)
		return err
	}
	if u.restart != nil && s.Monitor != 0 {
		tellMonitor(dir, *u.restart)
	}
	note(root, s, "update")
	return nil
}

// live changes the group of a container that runs.
func (u *updating) live(s container.State, limits, old cgroup.Limits) error {
	if !s.Alive() {
		return nil
	}
	group, err := groupWith(s, u.limits)
	if err == nil {
		err = group.Set(u.change(limits))
	}
	if err == nil || !s.Alive() {
		return nil // it has ended meanwhile, and the group is gone
	}
	_ = u.back(s, old)
	return fmt.Errorf("update container %s: %w", s.Name, err)
}

func (u *updating) back(s container.State, old cgroup.Limits) error {
	if !s.Alive() {
		return nil
	}
	group, err := groupWith(s, cgroup.Limits{})
	if err != nil {
		return err
	}
	return group.Set(u.undo(old))
}

// groupWith opens a running container's group. A controller that it had no use for until now (cpuset, blkio) gets its processes
// first.
func groupWith(s container.State, need cgroup.Limits) (*cgroup.Group, error) {
	machine, err := cgroup.Detect()
	if err != nil {
		return nil, err
	}
	path := groupOf(s)
	group, err := machine.Open(path)
	if err != nil {
		return nil, err
	}
	more := false
	for _, c := range [...]struct {
		name   string
		wanted bool
	}{{"cpuset", need.CPUs != "" || need.Mems != ""}, {"blkio", need.BlkioWeight != 0}} {
		if !c.wanted || group.DirOf(c.name) != "" {
			continue
		}
		tree := machine.Where(c.name)
		if tree == nil {
			return nil, &cgroup.MissingController{Name: c.name, Mode: machine.Mode}
		}
		if tree.Version == 2 {
			err = enableBelow(tree, path, c.name)
		} else {
			err = seatIn(machine, tree, path, group)
		}
		if err != nil {
			return nil, err
		}
		more = true
	}
	if more {
		return machine.Open(path)
	}
	return group, nil
}

// seatIn makes the group in one more v1 tree and moves the container's processes there; those that they start meanwhile too.
func seatIn(machine *cgroup.Machine, tree *cgroup.Hierarchy, path string, group *cgroup.Group) error {
	alone := &cgroup.Machine{Mode: machine.Mode, Hierarchies: []cgroup.Hierarchy{*tree}}
	var limits cgroup.Limits
	if strings.Contains(strings.Join(tree.Controllers, ","), "cpuset") {
		cpus, err := os.ReadFile(tree.Dir + tree.Base + "/cpuset.cpus")
		if err != nil {
			return fmt.Errorf("read the machine's CPUs: %w", err)
		}
		limits.CPUs = strings.TrimSpace(string(cpus)) // all, until Set says which
	} else {
		limits.BlkioWeight = 500
	}
	seat := alone.Group(path, limits)
	if err := seat.Create(); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for range 100 {
		members, err := group.Procs()
		if err != nil {
			return err
		}
		there, err := seat.Procs()
		if err != nil {
			return err
		}
		moved := 0
		for _, pid := range members {
			if !slices.Contains(there, pid) {
				if err := seat.Join(pid); err != nil {
					if _, gone := os.Stat("/proc/" + strconv.Itoa(pid)); gone != nil {
						continue
					}
					return err
				}
				moved++
			}
		}
		if moved == 0 {
			return nil
		}
	}
	return fmt.Errorf("move the processes of group %s: they multiply too fast", path)
}

// enableBelow passes a v2 controller down to a group that exists.
func enableBelow(tree *cgroup.Hierarchy, path, controller string) error {
	if controller == "blkio" {
		controller = "io"
	}
	dir := tree.Dir + tree.Base
	for _, name := range strings.Split(path, "/") {
		file := dir + "/cgroup.subtree_control"
		have, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read a control group: %w", err)
		}
		if !strings.Contains(" "+strings.TrimSpace(string(have))+" ", " "+controller+" ") {
			if err := kernel.DoAll(kernel.WriteFile(1, file, "+"+controller)); err != nil {
				return cgroup.Explain(err)
			}
		}
		dir += "/" + name
	}
	return nil
}

// tellMonitor leaves the new restart policy where the monitor of a running container looks when the container has ended.
func tellMonitor(dir string, p container.RestartPolicy) {
	_ = replace.File(filepath.Join(dir, loop.RestartFile), fmt.Appendf(nil, "%s %d\n", p.Name, p.Retries))
}
