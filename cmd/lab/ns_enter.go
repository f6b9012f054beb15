package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

func nsEnterCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[COMMAND [ARGUMENTS]]",
		Description: `The flags are those of nsenter(1). Without COMMAND it is your shell.

EXAMPLE:
   lab ns enter -t 4711 -n ip addr         the network of process 4711 alone
   lab ns enter -t web -m -u -i -n -p sh   a container, by its name`,
		Flags: andWatch(append([]cli.Flag{
			&cli.StringFlag{Name: "target", Aliases: []string{"t"}, Usage: "the process whose namespaces are joined, or a container (`PID|NAME`)"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "join every kind"}},
			append(kindFlags("--%s=FILE joins the one kept at FILE"),
				optionalFlag("root", "r", "take the process's root directory; --root=DIR another"),
				optionalFlag("wd", "w", "take the process's working directory; --wd=DIR another"),
				&cli.StringFlag{Name: "wdns", Aliases: []string{"W"}, Usage: "start in `DIR`, as seen inside"},
				&cli.BoolFlag{Name: "no-fork", Aliases: []string{"F"}, Usage: "stay in the old PID namespace; only children are in the new one"},
				&cli.StringFlag{Name: "setuid", Aliases: []string{"S"}, Usage: "become user `UID` inside"},
				&cli.StringFlag{Name: "setgid", Aliases: []string{"G"}, Usage: "become group `GID` inside"},
				&cli.BoolFlag{Name: "preserve-credentials", Usage: "keep the user and group ids"},
			)...)...),
		Action: watched(std, enterAction),
	}
}

func enterAction(ctx *cli.Context) error {
	e, err := enter(ctx)
	if err != nil {
		return programEnded("enter", 0, err)
	}
	code, err := e.Run()
	return programEnded("enter", code, err)
}

// enter reads the flags.
func enter(ctx *cli.Context) (ns.Enter, error) {
	set, files := kindsGiven(ctx)
	e := ns.Enter{
		Kinds: set, Files: files, All: ctx.Bool("all"), NoFork: ctx.Bool("no-fork"), Dir: ctx.String("wdns"),
		KeepIDs: ctx.Bool("preserve-credentials"), Args: ctx.Args().Slice(), Env: os.Environ(), KillChild: true,
	}
	e.TargetRoot, e.Root = given(ctx, "root")
	e.TargetRoot = e.TargetRoot && e.Root == ""
	e.TargetWd, e.Wd = given(ctx, "wd")
	e.TargetWd = e.TargetWd && e.Wd == ""
	if len(e.Args) == 0 {
		e.Args = ownShell()
	}
	var err error
	if name := ctx.String("target"); name != "" {
		// --root is this command's own; the store's is the one before the verb.
		if e.PID, err = processNamed(storeRoot(ctx), name); err != nil {
			return e, err
		}
	}
	if e.Kinds == 0 && !e.All && len(e.Files) == 0 && !e.TargetRoot && !e.TargetWd && e.Root == "" {
		return e, usage("ns enter wants to know which namespaces to join: -a for all, or some of -m -u -i -n -p -U -C -T")
	}
	if e.UID, err = idFlag(ctx, "setuid"); err != nil {
		return e, err
	}
	e.GID, err = idFlag(ctx, "setgid")
	return e, err
}

// storeRoot is the global --root, for verbs that have a --root of their own.
func storeRoot(ctx *cli.Context) string {
	all := ctx.Lineage()
	for i := len(all) - 1; i >= 0; i-- { // the outermost has no flags
		if all[i] != nil && all[i].Command != nil && all[i].IsSet("root") || all[i].String("root") != "" {
			return all[i].String("root")
		}
	}
	return ""
}
