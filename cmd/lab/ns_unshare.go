package main

import (
	"os"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

func nsUnshareCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[COMMAND [ARGUMENTS]]",
		Description: `The flags are those of unshare(1). Without COMMAND it is your shell.
The program dies with lab, and its namespaces with it, unless a file keeps them: --net=FILE,
until lab ns rm FILE.

EXAMPLE:
   lab ns unshare -n ip addr                    only a loopback, which is down
   lab ns unshare -fp --mount-proc ps           a process that is number 1
   lab ns unshare -u --hostname inside hostname
   lab ns unshare -r id -u                      root inside, you outside`,
		Flags: andWatch(append(kindFlags("--%s=FILE keeps the new one at FILE"),
			&cli.BoolFlag{Name: "fork", Aliases: []string{"f"}, Usage: "make the program a child that is born there: needed to be PID 1"},
			optionalFlag("mount-proc", "", "mount a /proc that shows the new PID namespace; --mount-proc=DIR elsewhere"),
			&cli.BoolFlag{Name: "map-root-user", Aliases: []string{"r"}, Usage: "be root in a new user namespace"},
			&cli.BoolFlag{Name: "map-current-user", Aliases: []string{"c"}, Usage: "be oneself in a new user namespace"},
			&cli.BoolFlag{Name: "map-auto", Usage: "map the ids that /etc/subuid and /etc/subgid lend"},
			&cli.StringSliceFlag{Name: "map-users", Usage: "map user ids: `INSIDE:OUTSIDE:COUNT`"},
			&cli.StringSliceFlag{Name: "map-groups", Usage: "map group ids: `INSIDE:OUTSIDE:COUNT`"},
			&cli.StringFlag{Name: "setgroups", Usage: "allow or deny setgroups(2) (`WORD`)"},
			&cli.StringFlag{Name: "propagation", Usage: "of mounts: private, slave, shared or unchanged (`WORD`)"},
			&cli.StringFlag{Name: "hostname", Usage: "set the host `NAME` inside"},
			&cli.DurationFlag{Name: "monotonic", Usage: "put the monotonic clock forward by `TIME`, such as 24h"},
			&cli.DurationFlag{Name: "boottime", Usage: "put the boot-time clock forward by `TIME`"},
			&cli.StringFlag{Name: "root", Aliases: []string{"R"}, Usage: "make `DIR` the root directory"},
			&cli.StringFlag{Name: "wd", Aliases: []string{"w"}, Usage: "start in `DIR`"},
			&cli.StringFlag{Name: "setuid", Aliases: []string{"S"}, Usage: "become user `UID` inside"},
			&cli.StringFlag{Name: "setgid", Aliases: []string{"G"}, Usage: "become group `GID` inside"},
		)...),
		Action: watched(std, unshareAction),
	}
}

func unshareAction(ctx *cli.Context) error {
	u, err := unshare(ctx)
	if err != nil {
		return programEnded("unshare", 0, err)
	}
	code, err := u.Run()
	return programEnded("unshare", code, err)
}

// unshare reads the flags.
func unshare(ctx *cli.Context) (ns.Unshare, error) {
	set, keep := kindsGiven(ctx)
	u := ns.Unshare{
		Kinds: set, Keep: keep, Fork: ctx.Bool("fork"), KillChild: true,
		Propagation: ctx.String("propagation"), Hostname: ctx.String("hostname"),
		Monotonic: ctx.Duration("monotonic"), Boottime: ctx.Duration("boottime"),
		Root: ctx.String("root"), Wd: ctx.String("wd"), Args: ctx.Args().Slice(), Env: os.Environ(),
		Map: ns.Mapping{Root: ctx.Bool("map-root-user"), Current: ctx.Bool("map-current-user"), Auto: ctx.Bool("map-auto"), Setgroups: ctx.String("setgroups")},
	}
	if there, dir := given(ctx, "mount-proc"); there {
		u.MountProc = "/proc"
		if dir != "" {
			u.MountProc = dir
		}
	}
	if len(u.Args) == 0 {
		u.Args = ownShell()
	}
	var err error
	if u.Map.UIDs, err = idMaps(ctx.StringSlice("map-users")); err != nil {
		return u, err
	}
	if u.Map.GIDs, err = idMaps(ctx.StringSlice("map-groups")); err != nil {
		return u, err
	}
	if u.UID, err = idFlag(ctx, "setuid"); err != nil {
		return u, err
	}
	u.GID, err = idFlag(ctx, "setgid")
	return u, err
}

func idMaps(list []string) ([]ns.IDMap, error) {
	var maps []ns.IDMap
	for _, text := range list {
		m, err := ns.ParseIDMap(text)
		if err != nil {
			return nil, err
		}
		maps = append(maps, m)
	}
	return maps, nil
}
