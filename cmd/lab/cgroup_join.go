package main

import (
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"
)

func cgroupJoinCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME PID [PID…]",
		Description: `What they use from now on is counted there. Their children are born there.

EXAMPLE:
   lab cgroup join demo $$`,
		Flags: andWatch(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) < 2 {
				return wants(ctx, "the name of a group, and the ids of processes")
			}
			_, g, err := openGroup(ctx, args[0])
			if err != nil {
				return err
			}
			for _, text := range args[1:] {
				pid, err := strconv.Atoi(text)
				if err != nil || pid <= 0 {
					return usage("invalid process id %q", text)
				}
				if err := g.Join(pid); err != nil {
					return err
				}
				fmt.Fprintln(std.out, pid)
			}
			return nil
		}),
	}
}
