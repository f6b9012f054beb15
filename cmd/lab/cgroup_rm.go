package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupRemoveCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME [NAME…]",
		Description: `A group that has processes or groups in it is not removed, as the kernel does not; -f ends and removes them first.

EXAMPLE:
   lab cgroup rm demo`,
		Flags: andWatch(&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "kill what is in it, and remove the groups below too"}),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) == 0 {
				return wants(ctx, "the name of a group")
			}
			sweepStore(ctx, std)
			var failed []error
			for _, name := range args {
				if err := removeGroup(ctx, name); err != nil {
					failed = append(failed, err)
					continue
				}
				fmt.Fprintln(std.out, name)
			}
			return errors.Join(failed...)
		}),
	}
}

// removeGroup removes a group that was made by name; containers' groups go with their containers.
func removeGroup(ctx *cli.Context, name string) error {
	path, err := ownGroup(name)
	if err != nil {
		return err
	}
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	g, err := m.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := findState(ctx.String("root"), name); err == nil {
			return advise(fmt.Errorf("%s is a container, and its group goes with it", name), "`lab ps` says whether it still runs")
		}
		return advise(fmt.Errorf("there is no group %s", name), "`lab cgroup ls` lists what there is")
	}
	if err != nil {
		return err
	}
	if ctx.Bool("force") {
		return g.Delete()
	}
	return removeEmptyGroup(m, g, name)
}

// removeEmptyGroup lets the kernel decide: rmdir(2) says EBUSY to a group that is in use, and for a moment after the last
// member's end.
func removeEmptyGroup(m *cgroup.Machine, g *cgroup.Group, name string) error {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if err := inUse(m, g, name); err != nil {
			return err
		}
		if err := m.RemoveEmpty(g.Path); err != nil {
			return err
		}
		if _, err := m.Open(g.Path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(end) {
			return advise(fmt.Errorf("the group %s is busy, though nobody is in it", name), "members that have just ended may still be on their way; try again")
		}
	}
}

// inUse says who is in a group.
func inUse(m *cgroup.Machine, g *cgroup.Group, name string) error {
	below, err := m.List(g.Path)
	if err != nil {
		return err
	}
	if len(below) > 0 {
		for i := range below {
			below[i] = shownAs(below[i])
		}
		return advise(fmt.Errorf("the group %s has groups in it (%s), and the kernel removes no directory that has", name, strings.Join(below, ", ")),
			"remove those first, or all of it with `lab cgroup rm -f %s`", name)
	}
	pids, err := g.Procs()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || len(pids) == 0 {
		return err
	}
	var who []string
	for i, pid := range pids {
		if p, ok := lookAt(pid, nil); ok && i < 3 {
			who = append(who, fmt.Sprintf("%d %.40s", pid, p.Command))
		}
	}
	return advise(fmt.Errorf("the group %s has %s in it (%s), and a group can be removed only when nobody is in it",
		name, counted(len(pids), "process", "processes"), strings.Join(who, ", ")),
		"end them with `lab cgroup kill %[1]s`, or do both with `lab cgroup rm -f %[1]s`", name)
}
