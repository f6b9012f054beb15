package cgroup

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// wellFormed refuses what no machine could do, and what would write more to a file than its value. It is what [Group.Create]
// insists on; [Limits.Validate] is stricter.
func (l *Limits) wellFormed(mode Mode) error {
	if l.CPUs != "" {
		if _, err := ParseList(l.CPUs); err != nil {
			return fmt.Errorf("cpuset cpus: %w", err)
		}
	}
	if l.Mems != "" {
		if _, err := ParseList(l.Mems); err != nil {
			return fmt.Errorf("cpuset mems: %w", err)
		}
	}
	for _, h := range l.Hugetlb {
		if strings.Trim(h.PageSize, "0123456789KMGTB") != "" || len(h.PageSize) < 3 {
			return fmt.Errorf("huge page size %q: the kernel spells it as in 2MB or 1GB", h.PageSize)
		}
	}
	for name, value := range l.Unified {
		if !strings.Contains(name, ".") || strings.ContainsAny(name, "/\x00\n") || strings.ContainsRune(value, 0) {
			return fmt.Errorf("unified setting %q: the name of a file such as memory.high is wanted", name)
		}
	}
	switch {
	case mode == V2 && l.Swappiness != nil:
		return fmt.Errorf("memory swappiness: %w", ErrV1Only)
	case mode == V2 && l.OOMKillDisable:
		return fmt.Errorf("disabling the OOM killer: %w", ErrV1Only)
	case mode == V1 && len(l.Unified) > 0:
		return fmt.Errorf("unified settings: %w", ErrV2Only)
	}
	if _, _, err := reduce(l.Devices); err != nil {
		return err
	}
	return nil
}

// Validate says what is wrong with the limits on this machine, a sentence for each bad value, joined; nil when all is
// well. It reads the CPUs that are online only where a limit is about them.
func (l *Limits) Validate() error { return l.validate(runtime.NumCPU(), online) }

func (l *Limits) validate(cpus int, online func(what string) string) error {
	var all []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	period := l.CPUPeriod
	if period == 0 {
		period = 100000
	}
	wrong(period < 1000 || period > 1000000, "CPU period %d µs: it is from 1000 (1 ms) to 1000000 (1 s)", period)
	wrong(l.CPUQuota != 0 && l.CPUQuota != Unlimit && l.CPUQuota < 1000, "CPU quota %d µs: the least is 1000 (1 ms)", l.CPUQuota)
	if l.CPUQuota > 0 && l.CPUQuota/int64(period) >= int64(cpus) && l.CPUQuota > int64(period)*int64(cpus) {
		wrong(true, "range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available", cpus, cpus)
	}
	wrong(l.CPUShares != 0 && (l.CPUShares < 2 || l.CPUShares > 262144), "CPU shares %d: they are from 2 to 262144", l.CPUShares)
	wrong(l.CPUWeight > 10000, "CPU weight %d: it is from 1 to 10000", l.CPUWeight)
	wrong(l.CPUShares != 0 && l.CPUWeight != 0, "CPU shares and CPU weight are one thing in two units: set one")
	for _, set := range [...]struct{ what, list, noun string }{{"cpu", l.CPUs, "CPUs"}, {"node", l.Mems, "memory nodes"}} {
		if set.list == "" {
			continue
		}
		asked, err := ParseList(set.list)
		wrong(err != nil, "cpuset %s: %w", set.noun, err)
		have := online(set.what)
		there, broken := ParseList(have)
		wrong(err == nil && broken == nil && !subset(asked, there), "requested %s are not available - requested %s, available: %s",
			set.noun, set.list, have)
	}
	l.validateMemory(wrong)
	wrong(l.PIDs < Unlimit, "pids limit %d: -1 is unlimited, 0 is not set", l.PIDs)
	wrong(l.BlkioWeight != 0 && (l.BlkioWeight < 10 || l.BlkioWeight > 1000), "range of blkio weight is from 10 to 1000")
	for _, d := range l.IO {
		wrong(d.Major < 0 || d.Minor < 0 || d.Major > maxMajor || d.Minor > maxMinor, "I/O limit: %d:%d is no device", d.Major, d.Minor)
	}
	if err := l.wellFormed(None); err != nil && len(all) == 0 {
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (l *Limits) validateMemory(wrong func(bool, string, ...any)) {
	const least = 6 << 20
	wrong(l.Memory != 0 && l.Memory != Unlimit && l.Memory < least, "minimum memory limit allowed is 6MB")
	wrong(l.MemorySwap < Unlimit, "memory and swap %d: -1 is unlimited", l.MemorySwap)
	wrong(l.MemorySwap > 0 && l.Memory <= 0, "a limit on memory and swap needs a memory limit, which it includes")
	wrong(l.MemorySwap > 0 && l.Memory > l.MemorySwap, "minimum memoryswap limit should be larger than memory limit: it includes it")
	wrong(l.MemoryReservation != 0 && l.MemoryReservation != Unlimit && l.MemoryReservation < least, "minimum memory reservation allowed is 6MB")
	wrong(l.Memory > 0 && l.MemoryReservation > l.Memory, "minimum memory limit can not be less than memory reservation limit")
	wrong(l.Swappiness != nil && *l.Swappiness > 100, "valid memory swappiness range is 0-100")
}

// online returns the list of the machine's CPUs ("cpu") or memory nodes ("node") that are up; "" where it is not told.
func online(what string) string {
	line, _ := readLine("/sys/devices/system/" + what + "/online")
	return line
}

// ParseList reads a list of CPUs or memory nodes as the kernel writes it: "0-2,4" (cpuset(7), FORMATS). The result is
// sorted and without doubles.
func ParseList(s string) ([]int, error) {
	var bits [maxCPU + 1]bool
	for part := range strings.SplitSeq(s, ",") {
		low, high, isRange := strings.Cut(part, "-")
		from, err := listNumber(low)
		to := from
		if err == nil && isRange {
			to, err = listNumber(high)
		}
		if err != nil || to < from {
			return nil, fmt.Errorf("%q is not a list such as 0-2,4", s)
		}
		for i := from; i <= to; i++ {
			bits[i] = true
		}
	}
	var list []int
	for i, set := range bits {
		if set {
			list = append(list, i)
		}
	}
	return list, nil
}

// maxCPU is the highest number that a list may name; the kernel's NR_CPUS is at most 8192.
const maxCPU = 8191

func listNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err == nil && n > maxCPU {
		err = strconv.ErrRange
	}
	return int(n), err
}

// subset says whether all of a is in b; both are sorted.
func subset(a, b []int) bool {
	i := 0
	for _, n := range a {
		for i < len(b) && b[i] < n {
			i++
		}
		if i == len(b) || b[i] != n {
			return false
		}
	}
	return true
}
