package cgroup

// Limits is what a group may use. The zero value limits nothing; in [Group.Set] a zero field leaves what is there.
// -1 takes a limit away, where a field says so.
type Limits struct {
	// CPUQuota is the CPU time, in µs, that the group gets in each period: 50000 of 100000 is half a CPU, 200000 two.
	// v1: cpu.cfs_quota_us. v2: first word of cpu.max. Zero: no quota. -1: none from now on.
	CPUQuota int64
	// CPUPeriod is the length of a period in µs, 1000 to 1000000. v1: cpu.cfs_period_us. v2: second word of cpu.max.
	// Zero: 100000, the kernel's own.
	CPUPeriod uint64
	// CPUShares is the group's part when CPUs are scarce, 2 to 262144 in v1's unit: 1024 is what a group has that asks
	// for nothing. v1: cpu.shares. v2: cpu.weight, which is 100 where this is 1024 (see [Weight]). Zero: the default.
	CPUShares uint64
	// CPUWeight is the same in v2's unit, 1 to 10000, default 100. Set one of the two. v2: cpu.weight. v1: cpu.shares.
	CPUWeight uint64

	// CPUs lists the CPUs that the group may run on: "0-2,4". v1 and v2: cpuset.cpus. Empty: all of the parent's.
	CPUs string
	// Mems lists the memory nodes (NUMA) that it may allocate from. v1 and v2: cpuset.mems. Empty: the parent's.
	Mems string

	// Memory is the most memory in bytes, page cache included; beyond it the kernel reclaims, then the OOM killer ends a
	// member. v1: memory.limit_in_bytes. v2: memory.max. Zero: no limit. -1: none from now on.
	Memory int64
	// MemorySwap is memory and swap together in bytes, as Docker counts. v1: memory.memsw.limit_in_bytes, which is
	// the sum too. v2: memory.swap.max, which is swap alone: MemorySwap-Memory. Zero with Memory set: twice Memory, where the
	// kernel accounts swap. Equal to Memory: no swap. -1: as much swap as there is.
	MemorySwap int64
	// MemoryReservation is what the group should keep when memory gets scarce, in bytes. v1:
	// memory.soft_limit_in_bytes (where reclaim stops). v2: memory.low (what reclaim spares). Zero: nothing. -1: no longer.
	MemoryReservation int64
	// Swappiness, 0 to 100, says how gladly the group's anonymous memory is swapped. v1: memory.swappiness.
	// v2 has no such file per group: [ErrV1Only]. Nil: the parent's.
	Swappiness *uint64
	// OOMKillDisable makes members that reach the limit wait instead of die. v1: memory.oom_control. v2: gone, [ErrV1Only].
	OOMKillDisable bool

	// PIDs is the most tasks (processes and threads) that the group may have; a fork beyond fails with EAGAIN. v1 and v2:
	// pids.max. Zero: no limit. -1: none from now on.
	PIDs int64

	// BlkioWeight is the group's part of a busy disk, 10 to 1000. v1: blkio.weight, or blkio.bfq.weight with the BFQ
	// scheduler. v2: io.weight, or io.bfq.weight. Zero: the default.
	BlkioWeight uint64
	// IO caps single devices. v1: blkio.throttle.*, where only direct I/O is seen (page cache writes are nobody's).
	// v2: io.max, which sees writeback too.
	IO []IOLimit

	// Hugetlb caps huge pages, by size. v1: hugetlb.<size>.limit_in_bytes. v2: hugetlb.<size>.max.
	Hugetlb []HugetlbLimit

	// Devices are the device rules, first to last. v1: devices.deny and devices.allow. v2: a BPF program. Nil: every
	// device that the parent allows. See [DefaultDevices].
	Devices []DeviceRule

	// Unified are files of v2 by name, for what has no field: {"memory.high": "100M"}. Written last, by name. v1: [ErrV2Only].
	Unified map[string]string
}

// IOLimit caps what the group reads from and writes to one block device; zero does not cap.
type IOLimit struct {
	Major, Minor int64  // the device, as in ls -l /dev/sda
	ReadBPS      uint64 // bytes a second. v1: blkio.throttle.read_bps_device. v2: io.max rbps
	WriteBPS     uint64 // bytes a second. v1: blkio.throttle.write_bps_device. v2: io.max wbps
	ReadIOPS     uint64 // operations a second. v1: blkio.throttle.read_iops_device. v2: io.max riops
	WriteIOPS    uint64 // operations a second. v1: blkio.throttle.write_iops_device. v2: io.max wiops
}

// HugetlbLimit caps the huge pages of one size.
type HugetlbLimit struct {
	PageSize string // as the kernel spells it: "2MB", "1GB"
	Limit    uint64 // bytes
}

// Weight turns v1's cpu.shares into v2's cpu.weight. The scheduler knows one weight, 1024 by default; v1 shows it as it is and
// v2 as a hundred for 1024. So 1:3 stays 1:3; only below 10 and above 102400 v2 has no equal, and gives its nearest.
func Weight(shares uint64) uint64 {
	return min(max((min(shares, 1<<20)*100+512)/1024, 1), 10000)
}

// Shares turns v2's cpu.weight into v1's cpu.shares.
func Shares(weight uint64) uint64 {
	return min(max((min(weight, 10000)*1024+50)/100, 2), 262144)
}

// shares returns the CPU part in v1's unit, weight in v2's; 0 when not asked for.
func (l *Limits) shares() uint64 {
	if l.CPUShares == 0 && l.CPUWeight != 0 {
		return Shares(l.CPUWeight)
	}
	return l.CPUShares
}

func (l *Limits) weight() uint64 {
	if l.CPUWeight == 0 && l.CPUShares != 0 {
		return Weight(l.CPUShares)
	}
	return l.CPUWeight
}

// needs lists the controllers (v1's names) that the limits cannot do without.
func (l *Limits) needs() []string {
	var list []string
	for _, n := range [...]struct {
		controller string
		asked      bool
	}{
		{"cpu", l.CPUQuota != 0 || l.CPUPeriod != 0 || l.CPUShares != 0 || l.CPUWeight != 0},
		{"cpuset", l.CPUs != "" || l.Mems != ""},
		{"memory", l.Memory != 0 || l.MemorySwap != 0 || l.MemoryReservation != 0 || l.Swappiness != nil || l.OOMKillDisable},
		{"pids", l.PIDs != 0},
		{"blkio", l.BlkioWeight != 0 || len(l.IO) > 0},
		{"hugetlb", len(l.Hugetlb) > 0},
		{"devices", l.Devices != nil},
	} {
		if n.asked {
			list = append(list, n.controller)
		}
	}
	return list
}
