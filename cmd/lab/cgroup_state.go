package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupFreezeCommand(std streams) *cli.Command {
	return onGroups(std,
		"A frozen process uses no CPU and cannot be seen to be stopped by itself, unlike with SIGSTOP.\n\nEXAMPLE:\n   lab cgroup freeze demo",
		func(g *cgroup.Group) error { return g.Freeze() })
}

func cgroupThawCommand(std streams) *cli.Command {
	return onGroups(std, "EXAMPLE:\n   lab cgroup thaw demo",
		func(g *cgroup.Group) error { return g.Thaw() })
}

// onGroups is a verb that does one thing to each group that is named.
func onGroups(std streams, description string, do func(*cgroup.Group) error) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME [NAME…]", Description: description, Flags: andWatch(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return eachGroup(ctx, std, args, do) }),
	}
}

func eachGroup(ctx *cli.Context, std streams, names []string, do func(*cgroup.Group) error) error {
	if len(names) == 0 {
		return wants(ctx, "the name of a group")
	}
	var failed []error
	for _, name := range names {
		_, g, err := openGroup(ctx, name)
		if err == nil {
			err = do(g)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintln(std.out, name)
	}
	return errors.Join(failed...)
}

func cgroupKillCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage:   "NAME [NAME…]",
		Description: "EXAMPLE:\n   lab cgroup kill demo",
		Flags:       andWatch(&cli.StringFlag{Name: "signal", Aliases: []string{"s"}, Usage: "send `SIGNAL` instead of KILL", Value: "KILL"}),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			sig, err := signalNamed(ctx.String("signal"))
			if err != nil {
				return err
			}
			return eachGroup(ctx, std, args, func(g *cgroup.Group) error { return g.Kill(sig) })
		}),
	}
}

// signalNamed reads "KILL", "SIGKILL" or "9".
func signalNamed(text string) (unix.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= 64 {
		return unix.Signal(n), nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, nil
	}
	return 0, usage("invalid signal %q: want a name such as TERM, or a number from 1 to 64", text)
}
