package main

import (
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func (r *request) limits(ctx *cli.Context) error {
	if ctx.Int64("cpu-period") < 0 || ctx.Int64("cpu-quota") < -1 {
		return usage("--cpu-period and --cpu-quota are microseconds: a negative time makes no sense")
	}
	l := cgroup.Limits{
		CPUPeriod: uint64(ctx.Int64("cpu-period")), CPUQuota: ctx.Int64("cpu-quota"), CPUShares: ctx.Uint64("cpu-shares"),
		CPUs: ctx.String("cpuset-cpus"), Mems: ctx.String("cpuset-mems"), PIDs: ctx.Int64("pids-limit"),
		BlkioWeight: ctx.Uint64("blkio-weight"), OOMKillDisable: ctx.Bool("oom-kill-disable"),
	}
	switch n := ctx.Int64("memory-swappiness"); {
	case n < -1 || n > 100:
		return usage("invalid --memory-swappiness %d: it goes from 0 to 100, and -1 leaves it alone", n)
	case n >= 0 && ctx.IsSet("memory-swappiness"):
		swappiness := uint64(n)
		l.Swappiness = &swappiness
	}
	if err := readIO(ctx, &l); err != nil {
		return err
	}
	if ctx.IsSet("cpus") {
		if l.CPUQuota != 0 || l.CPUPeriod != 0 {
			return usage("--cpus says what --cpu-quota and --cpu-period say together: use one or the other")
		}
		if n := ctx.Float64("cpus"); n != 0 { // --cpus 0 is no limit, as in docker
			if err := cpuQuota(&l, n); err != nil {
				return err
			}
		}
	}
	for _, f := range [...]struct {
		flag string
		to   *int64
	}{{"memory", &l.Memory}, {"memory-swap", &l.MemorySwap}, {"memory-reservation", &l.MemoryReservation}, {"shm-size", &r.shm}} {
		text := ctx.String(f.flag)
		if text == "" {
			continue
		}
		if f.flag == "memory-swap" && text == "-1" {
			*f.to = -1
			continue
		}
		n, err := parseBytes(text)
		if err != nil || n < 0 {
			return usage("invalid --%s %q: want a number of bytes with an optional b, k, m or g", f.flag, text)
		}
		*f.to = n
	}
	if l.MemorySwap != 0 && l.Memory == 0 {
		return usage("--memory-swap is the sum of memory and swap: set --memory too")
	}
	if l.PIDs < 0 {
		l.PIDs = 0
	}
	r.config.Limits = l
	return nil
}

// tasks refuses what would only end in a listing of goroutines: lab's own programs cannot even begin with so few threads. Whoever shows
// the container a directory may run another program from there.
func (r *request) tasks(*cli.Context) error {
	n := r.config.Limits.PIDs
	if n < 1 || n >= fewTasks || !r.init && (!isBox(r.image) || len(r.volumes) > 0) {
		return nil
	}
	whose := "box's programs"
	if r.init {
		whose = "--init"
	}
	return usage("--pids-limit %d is too few for %s: lab's own programs are written in Go, where each is five to eight threads, and threads count as tasks", n, whose)
}

const fewTasks = 5 // below it no start was seen to succeed

func (r *request) rlimits(ctx *cli.Context) error {
	for _, text := range ctx.StringSlice("ulimit") {
		limit, err := parseUlimit(text)
		if err != nil {
			return err
		}
		r.config.Rlimits = append(r.config.Rlimits, limit)
	}
	return nil
}
