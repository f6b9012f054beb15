package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

func updateCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "update", Usage: "change limits and restart policies of containers", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: `A container that runs feels it at once. What is not named stays as it is; a value that is wrong changes nothing.

EXAMPLE:
   lab update --cpus 0.5 -m 128m --memory-swap 256m web`,
		Flags: append(updatableFlags(),
			&cli.UintFlag{Name: "blkio-weight", Usage: "its part of a busy disk: 10 to 1000 (`N`)"},
			&cli.StringFlag{Name: "restart", Usage: "start it again when it ends: no, on-failure[:`N`], always or unless-stopped"}),
		Action: func(ctx *cli.Context) error {
			change, err := newUpdate(ctx)
			if err != nil {
				return err
			}
			return eachContainer(ctx, std, func(s container.State) error { return change.do(ctx.String("root"), s) })
		},
	}
}

// updatableFlags are the limits that run sets and update changes.
func updatableFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "cpus", Usage: "use at most `N` CPUs, such as 0.5"},
		&cli.Int64Flag{Name: "cpu-period", Usage: "the CPU quota's period in `MICROSECONDS`"},
		&cli.Int64Flag{Name: "cpu-quota", Usage: "CPU time in each period in `MICROSECONDS`; -1: no limit"},
		&cli.Uint64Flag{Name: "cpu-shares", Aliases: []string{"c"}, Usage: "its part of busy CPUs: 2 to 262144, others have `N`=1024"},
		&cli.StringFlag{Name: "cpuset-cpus", Usage: "run on these CPUs only: `0-2,4`"},
		&cli.StringFlag{Name: "cpuset-mems", Usage: "use memory of these NUMA nodes only: `0`"},
		&cli.StringFlag{Name: "memory", Aliases: []string{"m"}, Usage: "use at most `BYTES` of memory; b, k, m, g"},
		&cli.StringFlag{Name: "memory-swap", Usage: "memory and swap together, in `BYTES`; -1: as much swap as there is"},
		&cli.StringFlag{Name: "memory-reservation", Usage: "keep `BYTES` when memory gets scarce"},
		&cli.Int64Flag{Name: "pids-limit", Usage: "have at most `N` tasks; -1: no limit"},
	}
}

// updating is what `lab update` was asked for.
type updating struct {
	limits  cgroup.Limits // a field that is zero was not named
	restart *container.RestartPolicy
}

func newUpdate(ctx *cli.Context) (*updating, error) {
	named := false
	for _, name := range ctx.FlagNames() {
		named = named || (ctx.IsSet(name) && name != "root" && name != "help")
	}
	if !named {
		return nil, &exit{code: 1, err: errors.New("update wants one or more flags; see `lab update --help`")}
	}
	u := &updating{}
	if ctx.IsSet("restart") {
		policy, err := parseRestart(ctx.String("restart"))
		if err != nil {
			return nil, err
		}
		u.restart = &policy
	}
	l := &u.limits
	if ctx.Int64("cpu-period") < 0 || ctx.Int64("cpu-quota") < -1 {
		return nil, usage("--cpu-period and --cpu-quota are microseconds: a negative time makes no sense")
	}
	if ctx.Uint("blkio-weight") > math.MaxUint16 {
		return nil, usage("range of blkio weight is from 10 to 1000")
	}
	l.CPUPeriod, l.CPUQuota, l.CPUShares = uint64(ctx.Int64("cpu-period")), ctx.Int64("cpu-quota"), ctx.Uint64("cpu-shares")
	l.CPUs, l.Mems, l.BlkioWeight = ctx.String("cpuset-cpus"), ctx.String("cpuset-mems"), uint64(ctx.Uint("blkio-weight"))
	if l.PIDs = ctx.Int64("pids-limit"); l.PIDs < 0 {
		l.PIDs = cgroup.Unlimit
	}
	if ctx.IsSet("cpus") {
		if l.CPUQuota != 0 || l.CPUPeriod != 0 {
			return nil, usage("--cpus says what --cpu-quota and --cpu-period say together: use one or the other")
		}
		if n := ctx.Float64("cpus"); n != 0 { // --cpus 0 is as if it were not there, as in docker
			if err := cpuQuota(l, n); err != nil {
				return nil, err
			}
		}
	}
	return u, memoryFlags(ctx, l)
}

func memoryFlags(ctx *cli.Context, l *cgroup.Limits) error {
	for _, f := range [...]struct {
		flag string
		to   *int64
	}{{"memory", &l.Memory}, {"memory-swap", &l.MemorySwap}, {"memory-reservation", &l.MemoryReservation}} {
		text := ctx.String(f.flag)
		switch {
		case text == "":
			continue
		case text == "-1":
			*f.to = cgroup.Unlimit
			continue
		}
		n, err := parseBytes(text)
		if err != nil || n < 0 {
			return usage("invalid --%s %q: want a number of bytes with an optional b, k, m or g", f.flag, text)
		}
		*f.to = n
	}
	return nil
}

// merged are the limits that the container has afterwards, or a sentence about why it cannot have them.
func (u *updating) merged(old cgroup.Limits) (cgroup.Limits, error) {
	l, c := old, u.limits
	take(&l.CPUPeriod, c.CPUPeriod)
	take(&l.CPUQuota, c.CPUQuota)
	take(&l.CPUs, c.CPUs)
	take(&l.Mems, c.Mems)
	take(&l.Memory, c.Memory)
	take(&l.MemorySwap, c.MemorySwap)
	take(&l.MemoryReservation, c.MemoryReservation)
	take(&l.PIDs, c.PIDs)
	take(&l.BlkioWeight, c.BlkioWeight)
	if c.CPUShares != 0 {
		l.CPUShares, l.CPUWeight = c.CPUShares, 0
	}
	if c.Memory > 0 && c.MemorySwap == 0 && old.MemorySwap > 0 && c.Memory > old.MemorySwap {
		return l, errors.New("memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time")
	}
	if c.Memory == cgroup.Unlimit && l.MemorySwap > 0 {
		if c.MemorySwap > 0 {
			return l, errors.New("memory without a limit and a limit for memory and swap together do not go together")
		}
		l.MemorySwap = cgroup.Unlimit
	}
	if err := l.Validate(); err != nil {
		return l, err
	}
	return l, nil
}

// change is what must be written to the group to get from one to the other: what is not there any more is taken away by -1.
func (u *updating) change(l cgroup.Limits) cgroup.Limits {
	c := u.limits
	if c.Memory != 0 || c.MemorySwap != 0 { // the two depend on each other
		c.Memory, c.MemorySwap = l.Memory, l.MemorySwap
	}
	return c
}

// undo is the change that leads back.
func (u *updating) undo(old cgroup.Limits) cgroup.Limits {
	c := cgroup.Limits{}
	back := func(to *int64, changed, was, none int64) {
		if changed != 0 {
			if *to = was; was == 0 {
				*to = none
			}
		}
	}
	back(&c.CPUQuota, u.limits.CPUQuota, old.CPUQuota, cgroup.Unlimit)
	back(&c.Memory, u.limits.Memory, old.Memory, cgroup.Unlimit)
	back(&c.MemorySwap, u.limits.MemorySwap, old.MemorySwap, 0)
	back(&c.MemoryReservation, u.limits.MemoryReservation, old.MemoryReservation, cgroup.Unlimit)
	back(&c.PIDs, u.limits.PIDs, old.PIDs, cgroup.Unlimit)
	if u.limits.CPUPeriod != 0 {
		c.CPUPeriod = orElse(old.CPUPeriod, 100_000)
	}
	if u.limits.CPUShares != 0 {
		c.CPUShares = orElse(old.CPUShares, 1024)
	}
	if u.limits.BlkioWeight != 0 {
		c.BlkioWeight = orElse(old.BlkioWeight, 500)
	}
	if u.limits.CPUs != "" {
		c.CPUs = old.CPUs
	}
	if u.limits.Mems != "" {
		c.Mems = old.Mems
	}
	return c
}

func take[T comparable](to *T, value T) {
	var zero T
	if value != zero {
		*to = value
	}
}

func orElse(n, otherwise uint64) uint64 {
	if n == 0 {
		return otherwise
	}
	return n
}

// mayUpdate refuses what is on its way out.
func mayUpdate(s container.State) error {
	if s.Status == container.Removing || s.Status == container.Dead {
		return fmt.Errorf("container %s is marked for removal and cannot be updated", s.Name)
	}
	return nil
}
