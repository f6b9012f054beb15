package cgroup

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Stats are a group's figures at one moment, in one set of units for v1 and v2: durations in nanoseconds, memory and I/O in
// bytes. Figures of a controller that the group does not use are zero. Groups below are counted in.
type Stats struct {
	CPU    CPUStats
	Memory MemoryStats
	PIDs   PIDStats
	IO     IOStats
}

// CPUStats is the CPU time used since the group was made.
type CPUStats struct {
	Usage  time.Duration // v1: cpuacct.usage. v2: cpu.stat usage_usec
	User   time.Duration // v1: cpuacct.usage_user. v2: cpu.stat user_usec
	System time.Duration // v1: cpuacct.usage_sys. v2: cpu.stat system_usec

	Periods       uint64        // periods in which the group ran, with a quota; cpu.stat nr_periods
	Throttled     uint64        // of these, ended early because the quota was used up; cpu.stat nr_throttled
	ThrottledTime time.Duration // waited for the next period, all CPUs together. v1: throttled_time. v2: throttled_usec
}

// MemoryStats is the memory in use, in bytes.
type MemoryStats struct {
	Usage      uint64 // page cache included. v1: memory.usage_in_bytes. v2: memory.current
	Peak       uint64 // v1: memory.max_usage_in_bytes. v2: memory.peak (since 5.19)
	Limit      uint64 // [Unlimited] without one. v1: memory.limit_in_bytes. v2: memory.max
	File       uint64 // page cache. memory.stat: v1 total_cache, v2 file
	Anon       uint64 // heaps and stacks. memory.stat: v1 total_rss, v2 anon
	Kernel     uint64 // v1: memory.kmem.usage_in_bytes. v2: memory.stat kernel
	Swap       uint64 // v1: memory.stat total_swap. v2: memory.swap.current
	WorkingSet uint64 // Usage without the page cache that is cheap to drop (inactive_file): what `stats` shows

	LimitHits uint64 // how often a limit was reached. v1: memory.failcnt and memory.memsw.failcnt. v2: memory.events max
	OOM       uint64 // how often memory could not be had. v2: memory.events oom. v1 does not count: OOMKills
	OOMKills  uint64 // members that the OOM killer ended. v1: memory.oom_control oom_kill. v2: memory.events oom_kill
}

// PIDStats is the number of tasks.
type PIDStats struct {
	Current uint64 // pids.current
	Limit   uint64 // pids.max; [Unlimited] without one
}

// IOStats is what block devices did, all together. v1: blkio.throttle.io_service_bytes_recursive and
// io_serviced_recursive. v2: io.stat.
type IOStats struct {
	ReadBytes, WriteBytes uint64
	ReadOps, WriteOps     uint64
}

// Stats reads the group's figures. A file that this kernel does not have counts as zero; a group that is gone is an error.
func (g *Group) Stats() (Stats, error) {
	if g.err != nil {
		return Stats{}, g.err
	}
	var st Stats
	there := false
	for i := range g.seats {
		s := &g.seats[i]
		r := reader{dir: s.dir}
		for _, controller := range s.use {
			s.stat(&st, &r, controller)
		}
		there = there || r.seen || exists(s.dir)
	}
	if !there {
		return Stats{}, fmt.Errorf("read the figures of group %s: %w", g.Path, os.ErrNotExist)
	}
	return st, nil
}

// OOM returns how many members the OOM killer has ended.
func (g *Group) OOM() (uint64, error) {
	s := g.in("memory")
	if s == nil {
		return 0, &MissingController{Name: "memory", Mode: g.machine.Mode}
	}
	file := "/memory.events"
	if s.tree.Version == 1 {
		file = "/memory.oom_control"
	}
	data, err := os.ReadFile(s.dir + file)
	if err != nil {
		return 0, fmt.Errorf("read the OOM counter: %w", err)
	}
	var kills uint64
	pick(data, map[string]*uint64{"oom_kill": &kills})
	return kills, nil
}

func (s *seat) stat(st *Stats, r *reader, controller string) {
	two := s.tree.Version == 2
	switch controller {
	case "cpu":
		if two {
			throttledV2(&st.CPU, r.file("cpu.stat"))
		} else {
			throttledV1(&st.CPU, r.file("cpu.stat"))
		}
	case "cpuacct":
		if two {
			usageV2(&st.CPU, r.file("cpu.stat"))
		} else {
			usageV1(&st.CPU, r)
		}
	case "memory":
		if two {
			st.Memory.readV2(r)
		} else {
			st.Memory.readV1(r)
		}
		st.Memory.WorkingSet = st.Memory.Usage - min(st.Memory.WorkingSet, st.Memory.Usage)
	case "pids":
		st.PIDs = PIDStats{Current: r.number("pids.current"), Limit: r.number("pids.max")}
	case "blkio":
		if two {
			st.IO = parseIOStat(r.file("io.stat"))
		} else {
			st.IO.ReadBytes, st.IO.WriteBytes = parseServiced(r.file("blkio.throttle.io_service_bytes_recursive"))
			st.IO.ReadOps, st.IO.WriteOps = parseServiced(r.file("blkio.throttle.io_serviced_recursive"))
		}
	}
}

// reader reads a group's files and remembers whether there was any.
type reader struct {
	dir  string
	seen bool
}

func (r *reader) file(name string) []byte {
	data, err := os.ReadFile(r.dir + "/" + name)
	r.seen = r.seen || err == nil
	return data
}

func (r *reader) number(name string) uint64 {
	n, _ := parseLimit(strings.TrimSpace(string(r.file(name))))
	return n
}

// pick takes numbers out of a flat keyed file.
func pick(data []byte, want map[string]*uint64) {
	fields(data, func(name string, n uint64) {
		if p := want[name]; p != nil {
			*p = n
		}
	})
}

func throttledV1(c *CPUStats, data []byte) {
	var ns uint64
	pick(data, map[string]*uint64{"nr_periods": &c.Periods, "nr_throttled": &c.Throttled, "throttled_time": &ns})
	c.ThrottledTime = time.Duration(ns)
}

func throttledV2(c *CPUStats, data []byte) {
	var µs uint64
	pick(data, map[string]*uint64{"nr_periods": &c.Periods, "nr_throttled": &c.Throttled, "throttled_usec": &µs})
	c.ThrottledTime = time.Duration(µs) * time.Microsecond
}

func usageV1(c *CPUStats, r *reader) {
	c.Usage = time.Duration(r.number("cpuacct.usage"))
	c.User = time.Duration(r.number("cpuacct.usage_user"))
	c.System = time.Duration(r.number("cpuacct.usage_sys"))
}

func usageV2(c *CPUStats, data []byte) {
	var usage, user, system uint64
	pick(data, map[string]*uint64{"usage_usec": &usage, "user_usec": &user, "system_usec": &system})
	c.Usage, c.User, c.System = time.Duration(usage)*time.Microsecond, time.Duration(user)*time.Microsecond, time.Duration(system)*time.Microsecond
}

// readV1 leaves the inactive file cache in WorkingSet; the caller takes it from Usage.
func (m *MemoryStats) readV1(r *reader) {
	m.Usage = r.number("memory.usage_in_bytes")
	m.Peak = r.number("memory.max_usage_in_bytes")
	m.Limit = r.number("memory.limit_in_bytes")
	m.Kernel = r.number("memory.kmem.usage_in_bytes")
	m.LimitHits = r.number("memory.failcnt") + r.number("memory.memsw.failcnt")
	pick(r.file("memory.stat"), map[string]*uint64{
		"total_cache": &m.File, "total_rss": &m.Anon, "total_swap": &m.Swap, "total_inactive_file": &m.WorkingSet})
	pick(r.file("memory.oom_control"), map[string]*uint64{"oom_kill": &m.OOMKills})
	m.OOM = m.OOMKills
}

// readV2 leaves the inactive file cache in WorkingSet, as readV1.
func (m *MemoryStats) readV2(r *reader) {
	m.Usage = r.number("memory.current")
	m.Peak = r.number("memory.peak")
	m.Limit = r.number("memory.max")
	m.Swap = r.number("memory.swap.current")
	pick(r.file("memory.stat"), map[string]*uint64{
		"file": &m.File, "anon": &m.Anon, "kernel": &m.Kernel, "inactive_file": &m.WorkingSet})
	pick(r.file("memory.events"), map[string]*uint64{"max": &m.LimitHits, "oom": &m.OOM, "oom_kill": &m.OOMKills})
}

// parseServiced sums the lines "8:0 Read 4096" of a blkio file.
func parseServiced(data []byte) (read, write uint64) {
	for line := range bytes.Lines(data) {
		word := strings.Fields(string(line))
		if len(word) != 3 {
			continue
		}
		n, _ := strconv.ParseUint(word[2], 10, 64)
		switch word[1] {
		case "Read":
			read += n
		case "Write":
			write += n
		}
	}
	return read, write
}

// parseIOStat sums the lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" of io.stat.
func parseIOStat(data []byte) (io IOStats) {
	for word := range bytes.FieldsSeq(data) {
		key, value, _ := strings.Cut(string(word), "=")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			continue
		}
		switch key {
		case "rbytes":
			io.ReadBytes += n
		case "wbytes":
			io.WriteBytes += n
		case "rios":
			io.ReadOps += n
		case "wios":
			io.WriteOps += n
		}
	}
	return io
}
