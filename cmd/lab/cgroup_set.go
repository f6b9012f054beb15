package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupSetCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME",
		Description: `Prints what the group's files say afterwards, and what they are called in v1 and in v2.
A container's group can be changed too, by the container's name.

EXAMPLE:
   lab cgroup set demo --cpu-quota 50000
   lab cgroup set demo -m -1                no limit any more`,
		Flags:  andWatch(limitFlags()...),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return setAction(ctx, std, args) }),
	}
}

func setAction(ctx *cli.Context, std streams, args []string) error {
	m, g, err := oneGroup(ctx, args)
	if err != nil {
		return err
	}
	limits, err := readLimits(ctx)
	if err != nil {
		return err
	}
	asked := meanings(limits)
	if len(asked) == 0 {
		return usage("cgroup set wants at least one limit; see `lab cgroup set --help`")
	}
	if err := g.Set(limits); err != nil {
		var missing *cgroup.MissingController
		switch {
		case errors.As(err, &missing) && m.Has(missing.Name):
			return advise(fmt.Errorf("the group %s has no part in the %s tree, for it was made without such a limit", args[0], missing.Name),
				"remove the group, and give the limit to `lab cgroup create`")
		case errors.Is(err, unix.EBUSY) && limits.Memory > 0:
			return advise(err, "its members use more than that, and the kernel cannot take it back: end some first")
		}
		return err
	}
	printFiles(std.out, g, asked)
	return nil
}
