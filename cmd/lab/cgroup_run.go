package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupRunCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME [LIMITS] [--] COMMAND [ARGUMENTS]",
		Description: `A group that is not there is made for the program, and is gone with it and all that it started.
In one that is there the program joins the others; limits are then for ` + "`lab cgroup set`" + `.

EXAMPLE:
   lab cgroup run demo --cpus 0.5 -- sh -c 'while :; do :; done'
   lab cgroup run demo -m 32m --stat -- tail /dev/zero`,
		Flags: andWatch(append(limitFlags(),
			&cli.BoolFlag{Name: "stat", Usage: "say at the end what was counted"})...),
		Action: flagsAnywhere(std, true, func(ctx *cli.Context, args []string) error { return cgroupRunAction(ctx, std, args) }),
	}
}

func cgroupRunAction(ctx *cli.Context, std streams, args []string) error {
	if len(args) < 2 {
		return wants(ctx, "the name of a group and a program")
	}
	name, command := args[0], cgroup.Command{Args: args[1:], Env: os.Environ(), KillChild: true}
	limits, err := readLimits(ctx)
	if err != nil {
		return programEnded("cgroup run", 0, err)
	}
	s := sweepStore(ctx, std)
	_, g, err := openGroup(ctx, name)
	switch {
	case err == nil && len(meanings(limits)) > 0:
		return advise(usage("the group %s is there already, and keeps its limits", name), "`lab cgroup set %s` changes them", name)
	case err == nil:
		return runInGroup(ctx, std, g, command)
	}
	path, err := ownGroup(name)
	if err != nil {
		return err
	}
	return programEnded("cgroup run", 0, runInNewGroup(ctx, std, s, path, limits, command))
}

// runInNewGroup makes a group for one program. The ledger knows of it before it is there.
func runInNewGroup(ctx *cli.Context, std streams, s *store.Store, path string, limits cgroup.Limits, command cgroup.Command) (err error) {
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	g := m.Group(path, limits)
	if err := g.Check(); err != nil {
		return err
	}
	if _, err := m.Open(path); err == nil {
		return fmt.Errorf("make group %s: %w", shownAs(path), fs.ErrExist)
	}
	ledger, err := beginLedger(s, "cgroup", store.Undo{Do: "cgroup", Arg: path})
	if err != nil {
		return err
	}
	command.Shut = []int{ledger.Lock()}
	taken := false
	defer func() {
		if !taken {
			err = errors.Join(err, ledger.Undo(doers(s, m)))
		}
	}()
	if err := g.Create(); err != nil {
		if taken = errors.Is(err, fs.ErrExist); taken { // somebody has made it meanwhile, and it is not ours to undo
			return errors.Join(err, ledger.Done())
		}
		return err
	}
	if g, err = m.Open(path); err != nil {
		return err
	}
	return runInGroup(ctx, std, g, command)
}

// runInGroup runs the program and says whether the OOM killer had to do with its end.
func runInGroup(ctx *cli.Context, std streams, g *cgroup.Group, command cgroup.Command) error {
	before, _ := g.Stats()
	code, err := g.Run(command)
	if err != nil {
		return programEnded("cgroup run", code, err)
	}
	if after, err := g.Stats(); err == nil && after.Memory.OOMKills > before.Memory.OOMKills {
		file := "memory.oom_control"
		if _, v2 := cgroup.Names("oom kills"); g.DirOf("memory") == g.Dir() {
			file = v2
		}
		who, limit := tightest(g, after.Memory.Limit)
		fmt.Fprintf(std.err, "lab: the OOM killer ended %s: %s may use %s (%s: oom_kill %d)\n",
			counted(int(after.Memory.OOMKills-before.Memory.OOMKills), "process", "processes"),
			who, units.BytesSize(float64(limit)), file, after.Memory.OOMKills)
	}
	if ctx.Bool("stat") {
		printFiles(std.err, g, figures())
	}
	return programEnded("cgroup run", code, nil)
}

// tightest finds whose memory limit holds: the group's own, or a lower one of a group above.
func tightest(g *cgroup.Group, limit uint64) (who string, least uint64) {
	who, least = "the group", limit
	m, err := cgroup.Detect()
	for above := path.Dir(g.Path); err == nil && strings.HasPrefix(above, groupPath("")); above = path.Dir(above) {
		up, err := m.Open(above)
		if err != nil {
			break
		}
		if st, err := up.Stats(); err == nil && st.Memory.Limit < least {
			who, least = "the group "+shownAs(above)+" above it", st.Memory.Limit
		}
	}
	return who, least
}

// figures are the words for what is counted.
func figures() map[string]bool {
	m := map[string]bool{}
	for _, word := range [...]string{"cpu throttling", "cpu usage", "memory peak", "memory limit hits", "oom kills", "io figures"} {
		m[word] = true
	}
	return m
}
