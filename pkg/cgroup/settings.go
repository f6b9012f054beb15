package cgroup

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// setting is what to write to one file of a group. Files that take one rule a write (devices.allow, io.max) have several
// values.
type setting struct {
	file   string
	values []string
}

// current is what settings depend on of what the group has now.
type current struct {
	update bool   // the group exists; the zero value is a group just made
	quota  string // v2: the first word of cpu.max
	period uint64 // µs
	memory uint64 // bytes; Unlimited
	memsw  uint64 // v1: bytes, memory and swap; Unlimited
}

var fresh = current{quota: "max", period: 100000, memory: Unlimited, memsw: Unlimited}

// settings turns limits into the files of one seat, in the order in which they must be written.
func (g *Group) settings(s *seat, l *Limits, now current) []setting {
	var list []setting
	add := func(file string, values ...string) { list = append(list, setting{file, values}) }
	two := s.tree.Version == 2
	for _, controller := range s.use {
		switch {
		case controller == "cpu" && two:
			cpuV2(add, l, now)
		case controller == "cpu":
			cpuV1(add, l, now)
		case controller == "cpuset":
			one(add, "cpuset.cpus", l.CPUs)
			one(add, "cpuset.mems", l.Mems)
		case controller == "memory" && two:
			memoryV2(add, l, now, l.Memory > 0 && l.MemorySwap == 0 && g.swapV2(s))
		case controller == "memory":
			memoryV1(add, l, now, l.Memory != 0 && exists(s.tree.Dir+"/memory.memsw.limit_in_bytes"))
		case controller == "pids" && l.PIDs != 0:
			add("pids.max", orMax(l.PIDs))
		case controller == "blkio" && two:
			ioV2(add, l, l.BlkioWeight != 0 && !exists(s.tree.Dir+"/io.cost.qos"))
		case controller == "blkio":
			blkioV1(add, l, l.BlkioWeight != 0 && exists(s.tree.Dir+"/blkio.bfq.io_service_bytes"))
		case controller == "hugetlb":
			for _, h := range l.Hugetlb {
				add(hugetlbFile(h.PageSize, two), utoa(h.Limit))
			}
		case controller == "devices" && !two && l.Devices != nil:
			list = append(list, devicesV1(l.Devices, now.update)...)
		}
	}
	if two {
		for _, name := range sortedKeys(l.Unified) {
			add(name, l.Unified[name])
		}
	}
	return list
}

func cpuV1(add func(string, ...string), l *Limits, now current) {
	if n := l.shares(); n != 0 {
		add("cpu.shares", utoa(n))
	}
	quota := func() {
		if l.CPUQuota != 0 {
			add("cpu.cfs_quota_us", itoa(l.CPUQuota))
		}
	}
	// The share quota/period may not exceed the parent's even between the two writes: the one that makes it smaller first.
	if l.CPUPeriod != 0 && l.CPUPeriod < now.period && now.update {
		quota()
		add("cpu.cfs_period_us", utoa(l.CPUPeriod))
		return
	}
	if l.CPUPeriod != 0 {
		add("cpu.cfs_period_us", utoa(l.CPUPeriod))
	}
	quota()
}

func cpuV2(add func(string, ...string), l *Limits, now current) {
	if n := l.weight(); n != 0 {
		add("cpu.weight", utoa(n))
	}
	if l.CPUQuota == 0 && l.CPUPeriod == 0 {
		return
	}
	quota, period := now.quota, now.period
	if l.CPUQuota != 0 {
		quota = orMax(l.CPUQuota)
	}
	if l.CPUPeriod != 0 {
		period = l.CPUPeriod
	}
	add("cpu.max", quota+" "+utoa(period))
}

// memoryV1 keeps the kernel's rule that memory is never above memory and swap together: raising, the sum goes first.
func memoryV1(add func(string, ...string), l *Limits, now current, accountsSwap bool) {
	sum := l.MemorySwap
	if sum == 0 && accountsSwap {
		sum = impliedSwap(l.Memory)
	}
	raise := l.Memory == Unlimit || (l.Memory > 0 && uint64(l.Memory) > now.memsw)
	if raise && sum != 0 {
		add("memory.memsw.limit_in_bytes", itoa(sum))
	}
	if l.Memory != 0 {
		add("memory.limit_in_bytes", itoa(l.Memory))
	}
	if !raise && sum != 0 {
		add("memory.memsw.limit_in_bytes", itoa(sum))
	}
	if l.MemoryReservation != 0 {
		add("memory.soft_limit_in_bytes", itoa(l.MemoryReservation))
	}
	if l.Swappiness != nil {
		add("memory.swappiness", utoa(*l.Swappiness))
	}
	if l.OOMKillDisable {
		add("memory.oom_control", "1")
	}
}

func memoryV2(add func(string, ...string), l *Limits, now current, accountsSwap bool) {
	memory, sum := l.Memory, l.MemorySwap
	if sum == 0 && accountsSwap {
		sum = impliedSwap(memory)
	}
	if l.Memory != 0 {
		add("memory.max", orMax(l.Memory))
	}
	if memory == 0 && now.memory != Unlimited {
		memory = int64(now.memory)
	}
	switch {
	case sum == Unlimit || (sum > 0 && memory <= 0):
		add("memory.swap.max", orMax(sum))
	case sum > 0:
		add("memory.swap.max", itoa(max(sum-memory, 0)))
	}
	switch {
	case l.MemoryReservation > 0:
		add("memory.low", itoa(l.MemoryReservation))
	case l.MemoryReservation == Unlimit:
		add("memory.low", "0")
	}
}

// impliedSwap is Docker's default for memory and swap: twice the memory.
func impliedSwap(memory int64) int64 {
	if memory > 0 && memory < 1<<62 {
		return 2 * memory
	}
	return memory
}

// swapV2 says whether the kernel accounts swap. A group with the memory controller shows it: the one above, or the one that
// this process is in. Where neither has it, a kernel with swap is taken for one that accounts it.
func (g *Group) swapV2(s *seat) bool {
	above := g.above(s)
	for _, dir := range [...]string{above[len(above)-1], s.tree.Dir + s.tree.Own} {
		if exists(dir + "/memory.max") {
			return exists(dir + "/memory.swap.max")
		}
	}
	return exists("/proc/swaps")
}

func hugetlbFile(size string, two bool) string {
	if two {
		return "hugetlb." + size + ".max"
	}
	return "hugetlb." + size + ".limit_in_bytes"
}

// Unlimit takes a limit away: the -1 of the fields that have one.
const Unlimit = -1

func one(add func(string, ...string), file, value string) {
	if value != "" {
		add(file, value)
	}
}

func several(add func(string, ...string), file string, values []string) {
	if len(values) > 0 {
		add(file, values...)
	}
}

func orMax(n int64) string {
	if n < 0 {
		return "max"
	}
	return itoa(n)
}

func itoa(n int64) string  { return strconv.FormatInt(n, 10) }
func utoa(n uint64) string { return strconv.FormatUint(n, 10) }

func exists(path string) bool { return unix.Access(path, unix.F_OK) == nil }

func sortedKeys(m map[string]string) []string {
	if len(m) == 0 {
		return nil
	}
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
