package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/kernel"
)

func runCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a program in a new container",
		ArgsUsage: "IMAGE [COMMAND [ARGUMENTS]]",
		Description: `Looks for the image here, else pulls it; makes a layer of its own on top of the image's;
starts the program in namespaces and a cgroup of its own; reports its exit status.

The network is "none" unless you say otherwise: a loopback interface and nothing else.

EXAMPLE:
   lab run --rm -it -m 64m --cpus 0.5 box sh`,
		Flags:  runFlags(),
		Action: func(ctx *cli.Context) error { return runAction(ctx, std) },
	}
}

func runFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{
		&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "leave it running and print its id"},
		&cli.StringSliceFlag{Name: "attach", Aliases: []string{"a"}, Usage: "join only these of its streams: stdin, stdout, stderr"},
	}, createFlags(), attachFlags(), []cli.Flag{
		&cli.BoolFlag{Name: "explain", Usage: "print every kernel call as it is made"},
		&cli.BoolFlag{Name: "step", Usage: "stop before each kernel call and wait for Enter"},
		&cli.BoolFlag{Name: "dry-run", Usage: "print every kernel call and make none"},
	})
}

// createFlags are those of create, which run has too.
func createFlags() []cli.Flag {
	return slices.Concat(lifeFlags(), []cli.Flag{
		&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "keep standard input open"},
		&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "give it a terminal"},
		&cli.BoolFlag{Name: "rm", Usage: "remove the container when it has ended"},
		&cli.StringFlag{Name: "name", Usage: "call the container `NAME`"},
		&cli.StringFlag{Name: "hostname", Aliases: []string{"h"}, Usage: "its host `NAME` (default: the first 12 digits of its id)"},
		&cli.StringFlag{Name: "domainname", Usage: "its NIS domain `NAME`"},
		&cli.StringSliceFlag{Name: "env", Aliases: []string{"e"}, Usage: "set `NAME=VALUE` in its environment; NAME alone takes lab's own value"},
		&cli.StringSliceFlag{Name: "env-file", Usage: "read such lines from `FILE`"},
		&cli.StringFlag{Name: "workdir", Aliases: []string{"w"}, Usage: "start in `DIR`"},
		&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "run as `USER[:GROUP]`, by name or number"},
		&cli.StringSliceFlag{Name: "group-add", Usage: "be in `GROUP` too"},
		&cli.StringFlag{Name: "entrypoint", Usage: "run `PROGRAM` instead of the image's entry point"},
		&cli.BoolFlag{Name: "init", Usage: "run a small init as PID 1, which reaps orphans and passes signals on"},
	}, updatableFlags(), []cli.Flag{
		&cli.Uint64Flag{Name: "blkio-weight", Usage: "its part of a busy disk: 10 to 1000 (`N`)"},
		&cli.StringSliceFlag{Name: "device-read-bps", Usage: "read at most that many bytes a second: `DEVICE:BYTES`, such as /dev/sda:1m"},
		&cli.StringSliceFlag{Name: "device-write-bps", Usage: "write at most that many bytes a second: `DEVICE:BYTES`"},
		&cli.StringSliceFlag{Name: "device-read-iops", Usage: "read at most that many times a second: `DEVICE:N`"},
		&cli.StringSliceFlag{Name: "device-write-iops", Usage: "write at most that many times a second: `DEVICE:N`"},
		&cli.BoolFlag{Name: "oom-kill-disable", Usage: "let it wait when its memory is full, and not die; cgroups v1 only"},
		&cli.Int64Flag{Name: "memory-swappiness", Usage: "how gladly its memory is swapped: 0 to 100 (`N`); cgroups v1 only"},
		&cli.StringSliceFlag{Name: "ulimit", Usage: "set a resource limit: `NAME=SOFT[:HARD]`, such as nofile=1024:2048"},
		&cli.StringFlag{Name: "shm-size", Usage: "the size of /dev/shm in `BYTES` (default 64m)"},
		&cli.IntFlag{Name: "oom-score-adj", Usage: "how soon the OOM killer thinks of it: -1000 to 1000 (`N`)"},
		&cli.BoolFlag{Name: "read-only", Usage: "make the root read-only"},
		&cli.StringSliceFlag{Name: "tmpfs", Usage: "mount a tmpfs: `DIR[:OPTIONS]`"},
		&cli.StringSliceFlag{Name: "volume", Aliases: []string{"v"}, Usage: "show a directory of the host: `HOST:DIR[:ro]`"},
		&cli.StringSliceFlag{Name: "mount", Usage: "the same in words: `type=bind,source=…,target=…[,readonly]`, or type=tmpfs"},
		&cli.StringSliceFlag{Name: "device", Usage: "let it use a device of the host: `HOST[:PATH[:rwm]]`"},
		&cli.StringSliceFlag{Name: "cap-add", Usage: "give it a `CAPABILITY`, or ALL"},
		&cli.StringSliceFlag{Name: "cap-drop", Usage: "take a `CAPABILITY` away, or ALL"},
		&cli.BoolFlag{Name: "privileged", Usage: "all capabilities, all devices, nothing hidden: the opposite of a container"},
		&cli.StringSliceFlag{Name: "security-opt", Usage: "no-new-privileges, seccomp=unconfined, seccomp=`FILE`, systempaths=unconfined"},
		&cli.StringFlag{Name: "userns", Usage: "host, or private: users of its own, root being nobody outside (`MODE`)", Value: "host"},
		&cli.StringFlag{Name: "network", Aliases: []string{"net"}, Usage: "none or host (`MODE`)", Value: "none"},
		&cli.StringFlag{Name: "pid", Usage: "host: see the host's processes (`MODE`)"},
		&cli.StringFlag{Name: "ipc", Usage: "private or host (`MODE`)"},
		&cli.StringFlag{Name: "uts", Usage: "host: share the host's name (`MODE`)"},
		&cli.StringFlag{Name: "cgroupns", Usage: "private or host (`MODE`)"},
		&cli.StringSliceFlag{Name: "sysctl", Usage: "set a kernel setting of its namespaces: `KEY=VALUE`"},
		&cli.StringSliceFlag{Name: "label", Aliases: []string{"l"}, Usage: "note `KEY=VALUE` with the container"},
		&cli.StringSliceFlag{Name: "label-file", Usage: "note the lines KEY=VALUE of `FILE` with it"},
		&cli.StringFlag{Name: "cidfile", Usage: "write the container's id to `FILE`"},
		&cli.StringFlag{Name: "pull", Usage: "always, missing or never (`WHEN`)", Value: "missing"},
		&cli.StringFlag{Name: "platform", Usage: "pull for `OS/ARCH`"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not show how a pull goes"},
	})
}

func runAction(ctx *cli.Context, std streams) error {
	if ctx.NArg() == 0 {
		return wants(ctx, "the name of an image")
	}
	if err := watch(ctx, std); err != nil {
		return err
	}
	if ctx.Bool("dry-run") {
		kernel.Watch(&kernel.Printer{Out: std.out})
		kernel.DryRun()
	}
	r, err := newRequest(ctx)
	if err != nil {
		return failed("run", err)
	}
	l := &launch{std: std, request: r}
	code, err := l.run(ctx.Context)
	if err != nil {
		return failed("run", err)
	}
	if code != 0 {
		return &exit{code: code}
	}
	return nil
}

// failed gives an error of run or create its exit status: 126 and 127 when the program could not be executed or found, else 125.
func failed(verb string, err error) error {
	if e, ok := err.(*exit); ok {
		return e
	}
	code := 125
	if c, known := execStatus(err); known {
		code = c
	}
	return &exit{code: code, err: fmt.Errorf("%s: %w", verb, execSentence(err))}
}
