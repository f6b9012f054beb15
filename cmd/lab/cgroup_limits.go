package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
)

// limitFlags are run's, and those that only a group has.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cpus", Usage: "use at most `N` CPUs, such as 0.5; -1: no limit"},
		&cli.Uint64Flag{Name: "cpu-period", Usage: "the CPU quota's period in `MICROSECONDS`"},
		&cli.Int64Flag{Name: "cpu-quota", Usage: "CPU time in each period in `MICROSECONDS`; -1: no limit"},
		&cli.Uint64Flag{Name: "cpu-shares", Aliases: []string{"c"}, Usage: "its part of busy CPUs: 2 to 262144, others have `N`=1024"},
		&cli.Uint64Flag{Name: "cpu-weight", Usage: "the same in v2's unit: 1 to 10000, others have `N`=100"},
		&cli.StringFlag{Name: "cpuset-cpus", Usage: "run on these CPUs only: `0-2,4`"},
		&cli.StringFlag{Name: "cpuset-mems", Usage: "use memory of these NUMA nodes only: `0`"},
		&cli.StringFlag{Name: "memory", Aliases: []string{"m"}, Usage: "use at most `BYTES` of memory; b, k, m, g; -1: no limit"},
		&cli.StringFlag{Name: "memory-swap", Usage: "memory and swap together, in `BYTES`; -1: as much swap as there is"},
		&cli.StringFlag{Name: "memory-reservation", Usage: "keep `BYTES` when memory gets scarce"},
		&cli.Int64Flag{Name: "pids-limit", Usage: "have at most `N` tasks; -1: no limit"},
		&cli.Uint64Flag{Name: "blkio-weight", Usage: "its part of a busy disk: 10 to 1000 (`N`)"},
		&cli.StringSliceFlag{Name: "device-read-bps", Usage: "read at most so much a second from a disk: `DEVICE:BYTES`"},
		&cli.StringSliceFlag{Name: "device-write-bps", Usage: "write at most so much a second to a disk: `DEVICE:BYTES`"},
		&cli.StringSliceFlag{Name: "device-read-iops", Usage: "at most so many reads a second: `DEVICE:N`"},
		&cli.StringSliceFlag{Name: "device-write-iops", Usage: "at most so many writes a second: `DEVICE:N`"},
		&cli.StringSliceFlag{Name: "devices", Usage: "which devices may be opened: default, for a container's, or `\"allow|deny TYPE MAJOR:MINOR rwm\"`"},
	}
}

// readLimits reads them.
func readLimits(ctx *cli.Context) (cgroup.Limits, error) {
	l := cgroup.Limits{
		CPUPeriod: ctx.Uint64("cpu-period"), CPUQuota: ctx.Int64("cpu-quota"), CPUShares: ctx.Uint64("cpu-shares"), CPUWeight: ctx.Uint64("cpu-weight"),
		CPUs: ctx.String("cpuset-cpus"), Mems: ctx.String("cpuset-mems"), PIDs: ctx.Int64("pids-limit"), BlkioWeight: ctx.Uint64("blkio-weight"),
	}
	for _, step := range [...]func(*cli.Context, *cgroup.Limits) error{readCPUs, readBytes, readIO, readDevices} {
		if err := step(ctx, &l); err != nil {
			return l, err
		}
	}
	if err := l.Validate(); err != nil {
		return l, &exit{code: 125, err: err}
	}
	return l, nil
}

func readCPUs(ctx *cli.Context, l *cgroup.Limits) error {
	text := ctx.String("cpus")
	switch {
	case text == "":
		return nil
	case l.CPUQuota != 0 || l.CPUPeriod != 0:
		return usage("--cpus says what --cpu-quota and --cpu-period say together: use one or the other")
	case text == "-1":
		l.CPUQuota = cgroup.Unlimit
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return usage("invalid --cpus %q: want a number such as 0.5", text)
	}
	return cpuQuota(l, n)
}

func readBytes(ctx *cli.Context, l *cgroup.Limits) error {
	for _, f := range [...]struct {
		flag string
		to   *int64
	}{{"memory", &l.Memory}, {"memory-swap", &l.MemorySwap}, {"memory-reservation", &l.MemoryReservation}} {
		switch text := ctx.String(f.flag); text {
		case "":
		case "-1":
			*f.to = cgroup.Unlimit
		default:
			n, err := parseBytes(text)
			if err != nil || n <= 0 {
				return usage("invalid --%s %q: want a number of bytes with an optional b, k, m or g", f.flag, text)
			}
			*f.to = n
		}
	}
	return nil
}

// readIO joins the caps of each device.
func readIO(ctx *cli.Context, l *cgroup.Limits) error {
	at := map[[2]int64]int{}
	for _, f := range [...]struct {
		flag string
		to   func(*cgroup.IOLimit) *uint64
	}{
		{"device-read-bps", func(l *cgroup.IOLimit) *uint64 { return &l.ReadBPS }},
		{"device-write-bps", func(l *cgroup.IOLimit) *uint64 { return &l.WriteBPS }},
		{"device-read-iops", func(l *cgroup.IOLimit) *uint64 { return &l.ReadIOPS }},
		{"device-write-iops", func(l *cgroup.IOLimit) *uint64 { return &l.WriteIOPS }},
	} {
		for _, text := range ctx.StringSlice(f.flag) {
			colon := strings.LastIndexByte(text, ':')
			if colon < 0 {
				return usage("invalid --%s %q: want DEVICE:NUMBER, such as /dev/sda:1m", f.flag, text)
			}
			n, err := parseBytes(text[colon+1:])
			if err != nil || n <= 0 {
				return usage("invalid --%s %q: %q is no number", f.flag, text, text[colon+1:])
			}
			device, err := blockDevice(text[:colon])
			if err != nil {
				return usage("invalid --%s %q: %w", f.flag, text, err)
			}
			i, known := at[device]
			if !known {
				i = len(l.IO)
				at[device] = i
				l.IO = append(l.IO, cgroup.IOLimit{Major: device[0], Minor: device[1]})
			}
			*f.to(&l.IO[i]) = uint64(n)
		}
	}
	return nil
}

// blockDevice returns the numbers of a disk, which is named by its node or by the numbers themselves.
func blockDevice(name string) (numbers [2]int64, err error) {
	if major, minor, ok := strings.Cut(name, ":"); ok && !strings.Contains(name, "/") {
		if numbers[0], err = strconv.ParseInt(major, 10, 64); err == nil {
			numbers[1], err = strconv.ParseInt(minor, 10, 64)
		}
		return numbers, err
	}
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return numbers, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return numbers, unix.ENOTBLK
	}
	return [2]int64{int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))}, nil
}

func readDevices(ctx *cli.Context, l *cgroup.Limits) error {
	for _, text := range ctx.StringSlice("devices") {
		if text == "default" {
			l.Devices = append(l.Devices, cgroup.DefaultDevices()...)
			continue
		}
		rule, ok := deviceRule(text)
		if !ok {
			return usage("invalid --devices %q: want default, or such as \"deny c 1:11 rwm\" or \"allow a\"", text)
		}
		l.Devices = append(l.Devices, rule)
	}
	return nil
}

// deviceRule reads "deny c 1:11 rwm"; the numbers may be *, and what is left out is all.
func deviceRule(text string) (cgroup.DeviceRule, bool) {
	word := strings.Fields(text)
	if len(word) < 2 || len(word) > 4 || (word[0] != "allow" && word[0] != "deny") || len(word[1]) != 1 {
		return cgroup.DeviceRule{}, false
	}
	r := cgroup.DeviceRule{Allow: word[0] == "allow", Type: word[1][0], Major: cgroup.Any, Minor: cgroup.Any, Access: "rwm"}
	if len(word) > 2 {
		major, minor, ok := strings.Cut(word[2], ":")
		for _, n := range [...]struct {
			text string
			to   *int64
		}{{major, &r.Major}, {minor, &r.Minor}} {
			if n.text == "*" {
				continue
			}
			v, err := strconv.ParseInt(n.text, 10, 64)
			if err != nil || v < 0 {
				return r, false
			}
			*n.to = v
		}
		if !ok {
			return r, false
		}
	}
	if len(word) > 3 {
		r.Access = word[3]
	}
	return r, true
}

// meanings are the words of [cgroup.Words] that limits are about.
func meanings(l cgroup.Limits) map[string]bool {
	m := map[string]bool{}
	for _, f := range [...]struct {
		asked bool
		words []string
	}{
		{l.CPUQuota != 0 || l.CPUPeriod != 0, []string{"cpu quota", "cpu period"}},
		{l.CPUShares != 0 || l.CPUWeight != 0, []string{"cpu weight"}},
		{l.CPUs != "", []string{"cpus"}},
		{l.Mems != "", []string{"memory nodes"}},
		{l.Memory != 0, []string{"memory limit", "memory and swap limit"}},
		{l.MemorySwap != 0, []string{"memory and swap limit"}},
		{l.MemoryReservation != 0, []string{"memory reservation"}},
		{l.PIDs != 0, []string{"pids limit"}},
		{l.BlkioWeight != 0, []string{"io weight"}},
		{len(l.IO) > 0, []string{"io read bytes limit", "io write bytes limit", "io read operations limit", "io write operations limit"}},
		{l.Devices != nil, []string{"device rules"}},
	} {
		for _, word := range f.words {
			if f.asked {
				m[word] = true
			}
		}
	}
	return m
}
