package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/chroot"
)

func chrootCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "chroot", Usage: "run a program that sees another directory as /", ArgsUsage: "ROOT [COMMAND [ARGUMENTS]]",
		Description: `Only the view of files changes: the program still has the host's processes, network and name.
Without COMMAND it is /bin/sh. With --escape there is no command: lab goes in and tries to get out again, showing each
call and what it sees; the exit status is 0 when it got outside and 1 when it is still inside.

EXAMPLE:
   lab unionfs copy box rootfs          a root directory, out of an image
   lab chroot rootfs ls /
   lab chroot --escape rootfs           outside, in a few calls
   lab chroot --escape --pivot rootfs   still inside`,
		Flags: andWatch(
			&cli.BoolFlag{Name: "pivot", Usage: "pivot_root(2) in a mount namespace of its own, from which there is no way back"},
			&cli.BoolFlag{Name: "escape", Usage: "try to get out"},
			&cli.StringFlag{Name: "workdir", Aliases: []string{"w"}, Usage: "start in `DIR`, inside ROOT"},
			jsonFlag("with --escape: print one JSON object"),
		),
		Action: watched(std, func(ctx *cli.Context) error { return chrootAction(ctx, std) }),
	}
}

func chrootAction(ctx *cli.Context, std streams) error {
	if ctx.NArg() == 0 {
		return wants(ctx, "a directory to be the root")
	}
	root, args := ctx.Args().First(), ctx.Args().Tail()
	if ctx.Bool("escape") {
		if len(args) > 0 || ctx.IsSet("workdir") {
			return usage("chroot --escape runs nothing: leave the command and --workdir away")
		}
		return escapeAction(ctx, std, root)
	}
	if len(args) == 0 {
		args = []string{"/bin/sh"}
	}
	c := chroot.Command{Root: root, Args: args, Env: os.Environ(), Dir: ctx.String("workdir"), Pivot: ctx.Bool("pivot"), KillChild: true}
	code, err := c.Run()
	return programEnded("chroot", code, inRoot(root, err))
}
