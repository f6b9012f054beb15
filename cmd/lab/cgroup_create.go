package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupCreateCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME",
		Description: `The group is a directory below lab's own in each tree of control groups, and stays until it is removed.
A name with a / is a group in a group, which can use no more than the one above.

EXAMPLE:
   lab cgroup create demo --cpus 0.5 -m 64m --pids-limit 20`,
		Flags:  andWatch(limitFlags()...),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return createAction(ctx, std, args) }),
	}
}

func createAction(ctx *cli.Context, std streams, args []string) error {
	if len(args) != 1 {
		return wants(ctx, "a name for the new group")
	}
	path, err := ownGroup(args[0])
	if err != nil {
		return err
	}
	limits, err := readLimits(ctx)
	if err != nil {
		return err
	}
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	if err := m.Group(path, limits).Create(); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return advise(fmt.Errorf("the group %s is there already", args[0]), "`lab cgroup set %[1]s` changes its limits, `lab cgroup rm %[1]s` removes it", args[0])
		}
		return err
	}
	g, err := m.Open(path)
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, args[0])
	printFiles(std.out, g, meanings(limits))
	return nil
}
