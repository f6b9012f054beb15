package container

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/pkg/cgroup"
)

// resources spells limits as the specification does.
func resources(l cgroup.Limits) *specs.LinuxResources {
	r := &specs.LinuxResources{Devices: deviceRules(l.Devices)}
	if l.CPUQuota != 0 || l.CPUPeriod != 0 || l.CPUShares != 0 || l.CPUs != "" || l.Mems != "" {
		r.CPU = &specs.LinuxCPU{Quota: some(l.CPUQuota), Period: some(l.CPUPeriod), Shares: some(l.CPUShares), Cpus: l.CPUs, Mems: l.Mems}
	}
	if l.Memory != 0 || l.MemorySwap != 0 || l.MemoryReservation != 0 || l.Swappiness != nil || l.OOMKillDisable {
		r.Memory = &specs.LinuxMemory{Limit: some(l.Memory), Swap: some(l.MemorySwap), Reservation: some(l.MemoryReservation), Swappiness: l.Swappiness}
		if l.OOMKillDisable {
			r.Memory.DisableOOMKiller = &l.OOMKillDisable
		}
	}
	if l.PIDs != 0 {
		r.Pids = &specs.LinuxPids{Limit: &l.PIDs}
	}
	if l.BlkioWeight != 0 || len(l.IO) > 0 {
		r.BlockIO = blockIO(l)
	}
	for _, h := range l.Hugetlb {
		r.HugepageLimits = append(r.HugepageLimits, specs.LinuxHugepageLimit{Pagesize: h.PageSize, Limit: h.Limit})
	}
	r.Unified = l.Unified
	return r
}

// Limits reads the specification's resources back.
func Limits(r *specs.LinuxResources) cgroup.Limits {
	var l cgroup.Limits
	if r == nil {
		return l
	}
	if c := r.CPU; c != nil {
		l.CPUQuota, l.CPUPeriod, l.CPUShares, l.CPUs, l.Mems = value(c.Quota), value(c.Period), value(c.Shares), c.Cpus, c.Mems
	}
	if m := r.Memory; m != nil {
		l.Memory, l.MemorySwap, l.MemoryReservation, l.Swappiness = value(m.Limit), value(m.Swap), value(m.Reservation), m.Swappiness
		l.OOMKillDisable = value(m.DisableOOMKiller)
	}
	if r.Pids != nil {
		l.PIDs = value(r.Pids.Limit)
	}
	if b := r.BlockIO; b != nil {
		l.BlkioWeight = uint64(value(b.Weight))
		l.IO = ioLimits(b)
	}
	for _, h := range r.HugepageLimits {
		l.Hugetlb = append(l.Hugetlb, cgroup.HugetlbLimit{PageSize: h.Pagesize, Limit: h.Limit})
	}
	for _, d := range r.Devices {
		l.Devices = append(l.Devices, cgroup.DeviceRule{Allow: d.Allow, Type: deviceType(d.Type), Major: anyNumber(d.Major), Minor: anyNumber(d.Minor), Access: d.Access})
	}
	l.Unified = r.Unified
	return l
}

func deviceRules(rules []cgroup.DeviceRule) []specs.LinuxDeviceCgroup {
	var list []specs.LinuxDeviceCgroup
	for _, d := range rules {
		rule := specs.LinuxDeviceCgroup{Allow: d.Allow, Type: string(rune(d.Type)), Access: d.Access}
		if d.Major >= 0 {
			rule.Major = &d.Major
		}
		if d.Minor >= 0 {
			rule.Minor = &d.Minor
		}
		list = append(list, rule)
	}
	return list
}

func deviceType(s string) byte {
	if s == "" {
		return 'a'
	}
	return s[0]
}

func anyNumber(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

func blockIO(l cgroup.Limits) *specs.LinuxBlockIO {
	b := &specs.LinuxBlockIO{}
	if w := uint16(l.BlkioWeight); w != 0 {
		b.Weight = &w
	}
	add := func(list *[]specs.LinuxThrottleDevice, d cgroup.IOLimit, rate uint64) {
		if rate != 0 {
			t := specs.LinuxThrottleDevice{Rate: rate}
			t.Major, t.Minor = d.Major, d.Minor
			*list = append(*list, t)
		}
	}
	for _, d := range l.IO {
		add(&b.ThrottleReadBpsDevice, d, d.ReadBPS)
		add(&b.ThrottleWriteBpsDevice, d, d.WriteBPS)
		add(&b.ThrottleReadIOPSDevice, d, d.ReadIOPS)
		add(&b.ThrottleWriteIOPSDevice, d, d.WriteIOPS)
	}
	return b
}

func ioLimits(b *specs.LinuxBlockIO) []cgroup.IOLimit {
	var list []cgroup.IOLimit
	each := func(devices []specs.LinuxThrottleDevice, field func(*cgroup.IOLimit) *uint64) {
		for _, d := range devices {
			l := cgroup.IOLimit{Major: d.Major, Minor: d.Minor}
			*field(&l) = d.Rate
			list = append(list, l)
		}
	}
	each(b.ThrottleReadBpsDevice, func(l *cgroup.IOLimit) *uint64 { return &l.ReadBPS })
	each(b.ThrottleWriteBpsDevice, func(l *cgroup.IOLimit) *uint64 { return &l.WriteBPS })
	each(b.ThrottleReadIOPSDevice, func(l *cgroup.IOLimit) *uint64 { return &l.ReadIOPS })
	each(b.ThrottleWriteIOPSDevice, func(l *cgroup.IOLimit) *uint64 { return &l.WriteIOPS })
	return list
}

// some is nil for zero: the specification leaves out what is not asked for.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
