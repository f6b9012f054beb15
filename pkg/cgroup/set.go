package cgroup

import "strings"

// Set changes the limits of a group that exists; fields that are zero stay as they are. Like the kernel it has no undo: when a
// write fails, the ones before it stay.
//
// Memory and memory+swap are written in the order that keeps the one below the other, and so are quota and period.
// Device rules replace all rules before. On v1 there is a moment, some µs long, in which no device may be opened.
//
// Errors: EBUSY when memory falls below what the group uses and cannot be reclaimed (v1; v2 reclaims, then kills), and a
// [MissingController] when the group has no seat where the limit's controller is.
func (g *Group) Set(l Limits) error {
	steps, err := g.set(l)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return Explain(err)
		}
	}
	if l.Devices != nil {
		g.limits.Devices = l.Devices
		return g.AttachDevices()
	}
	return nil
}

// set lists the writes. What the group has now is read now.
func (g *Group) set(l Limits) ([]step, error) {
	if g.err != nil {
		return nil, g.err
	}
	if err := l.wellFormed(g.machine.Mode); err != nil {
		return nil, err
	}
	for _, c := range l.needs() {
		if g.in(c) == nil {
			return nil, &MissingController{Name: c, Mode: g.machine.Mode}
		}
	}
	var steps []step
	for i := range g.seats {
		s := &g.seats[i]
		steps = appendWrites(steps, s.dir, g.settings(s, &l, s.now(&l)))
	}
	return steps, nil
}

// now reads what the order of the writes depends on. What cannot be read is taken for a fresh group's.
func (s *seat) now(l *Limits) current {
	now := fresh
	now.update = true
	read := func(into *uint64, file string) {
		if n, err := readNumber(s.dir + "/" + file); err == nil {
			*into = n
		}
	}
	if s.has("cpu") && l.CPUPeriod|uint64(l.CPUQuota) != 0 {
		if s.tree.Version == 1 {
			read(&now.period, "cpu.cfs_period_us")
		} else if line, err := readLine(s.dir + "/cpu.max"); err == nil {
			quota, period, _ := strings.Cut(line, " ")
			if n, ok := parseLimit(period); ok {
				now.quota, now.period = quota, n
			}
		}
	}
	if s.has("memory") && (l.Memory != 0 || l.MemorySwap != 0) {
		if s.tree.Version == 1 {
			read(&now.memsw, "memory.memsw.limit_in_bytes")
		} else {
			read(&now.memory, "memory.max")
		}
	}
	return now
}
