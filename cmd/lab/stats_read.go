package main

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// statistics reads the figures of several containers. A share of CPU is a difference of two readings of a clock, so there is one
// reading of all containers' clocks (begin), and then one of all figures; each has a time of its own.
type statistics struct {
	root    string
	machine *cgroup.Machine
	names   []string
	all     bool

	samples []sample
	before  map[string]clock // by container: the last reading
	ownNet  string           // lab's network namespace
	memory  uint64           // the machine's
}

// clock is a container's CPU time at a moment.
type clock struct {
	at   time.Time
	used time.Duration
}

type sample struct {
	asked string
	state container.State
	group *cgroup.Group // nil: it does not run
}

// firstInterval is the time between the two readings of --no-stream. The kernel brings a group's clock up to date at every timer tick, 1 to
// 10 ms apart, so less would be coarse; more is a wait that nobody wants.
const firstInterval = 50 * time.Millisecond

func (s *statistics) once() ([]statsRow, error) {
	start := time.Now()
	if err := s.begin(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(s.samples, func(c sample) bool { return c.group != nil }) {
		time.Sleep(firstInterval - time.Since(start))
	}
	return s.figures(), nil
}

// begin finds the containers, and reads the clocks of those that are new.
func (s *statistics) begin() error {
	states, err := s.states()
	if err != nil {
		return err
	}
	if s.before == nil {
		s.before = map[string]clock{}
		s.ownNet, _ = os.Readlink("/proc/self/ns/net")
		s.memory = machineMemory()
	}
	s.samples = s.samples[:0]
	for _, c := range states {
		if c.state.Alive() {
			c.group = s.machine.Group(groupOf(c.state), cgroup.Limits{})
			if _, known := s.before[c.state.ID]; !known {
				s.before[c.state.ID] = readClock(c.group)
			}
		} else {
			delete(s.before, c.state.ID)
		}
		s.samples = append(s.samples, c)
	}
	return nil
}

// machineMemory is all there is, in bytes; see sysinfo(2).
func machineMemory() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return info.Totalram * uint64(info.Unit)
}

func (s *statistics) states() ([]sample, error) {
	var list []sample
	if len(s.names) == 0 {
		states, err := listStates(s.root)
		for _, state := range states {
			if s.all || state.Alive() {
				list = append(list, sample{asked: short(state.ID), state: state})
			}
		}
		return list, err
	}
	var missing []error
	for _, name := range s.names {
		state, err := findState(s.root, name)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		list = append(list, sample{asked: name, state: state})
	}
	return list, errors.Join(missing...)
}

// readClock reads the CPU time alone: one file.
func readClock(g *cgroup.Group) clock {
	if dir := g.DirOf("cpuacct"); dir != "" {
		data, err := os.ReadFile(dir + "/cpuacct.usage")
		if err == nil {
			n, _ := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
			return clock{time.Now(), time.Duration(n)}
		}
		data, _ = os.ReadFile(dir + "/cpu.stat")
		if word, found := strings.CutPrefix(string(data), "usage_usec "); found {
			word, _, _ = strings.Cut(word, "\n")
			n, _ := strconv.ParseInt(word, 10, 64)
			return clock{time.Now(), time.Duration(n) * time.Microsecond}
		}
	}
	return clock{at: time.Now()}
}

// figures reads all containers, on as many threads as there are CPUs.
func (s *statistics) figures() []statsRow {
	rows := make([]statsRow, len(s.samples))
	clocks := make([]clock, len(s.samples))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				rows[i], clocks[i] = s.read(s.samples[i])
			}
		})
	}
	for i := range s.samples {
		next <- i
	}
	close(next)
	wg.Wait()
	for i, c := range s.samples {
		if c.group != nil {
			s.before[c.state.ID] = clocks[i]
		}
	}
	return rows
}

func (s *statistics) read(c sample) (statsRow, clock) {
	f := statsRow{asked: c.asked, state: c.state}
	if c.group == nil {
		return f, clock{}
	}
	now := readClock(c.group)
	if was := s.before[c.state.ID]; now.used >= was.used && now.at.After(was.at) {
		f.cpu = float64(now.used-was.used) / float64(now.at.Sub(was.at)) * 100
	}
	s.memoryOf(&f, c.group)
	s.pidsOf(&f, c.group)
	s.networkOf(&f)
	s.blocksOf(&f, c.group)
	return f, now
}

// memoryOf shows what would be missed: without the page cache that is cheap to drop (inactive_file), as docker stats does.
func (s *statistics) memoryOf(f *statsRow, g *cgroup.Group) {
	dir := g.DirOf("memory")
	if dir == "" {
		return
	}
	usage, limit, cache := "/memory.usage_in_bytes", "/memory.limit_in_bytes", "total_inactive_file "
	if s.machine.Where("memory").Version == 2 {
		usage, limit, cache = "/memory.current", "/memory.max", "inactive_file "
	}
	f.memory, f.limit = fileNumber(dir+usage), fileNumber(dir+limit)
	if f.limit == 0 || f.limit > s.memory {
		f.limit = s.memory
	}
	data, _ := os.ReadFile(dir + "/memory.stat")
	f.memory -= min(f.memory, keyed(data, cache))
}

func (s *statistics) pidsOf(f *statsRow, g *cgroup.Group) {
	if dir := g.DirOf("pids"); dir != "" {
		f.pids = fileNumber(dir + "/pids.current")
	}
}

// networkOf sums the container's interfaces but loopback. With the host's network nothing is its own.
func (s *statistics) networkOf(f *statsRow) {
	proc := "/proc/" + strconv.Itoa(f.state.PID)
	if own, err := os.Readlink(proc + "/ns/net"); err != nil || own == s.ownNet {
		return
	}
	data, err := os.ReadFile(proc + "/net/dev")
	if err != nil {
		return
	}
	f.received, f.sent = interfaces(data)
}

// interfaces sums proc_pid_net_dev(5) but for loopback: after "name:" the first field is bytes received, the ninth bytes sent.
func interfaces(data []byte) (received, sent uint64) {
	for line := range strings.Lines(string(data)) {
		name, rest, found := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if !found || strings.TrimSpace(name) == "lo" || len(fields) < 9 {
			continue
		}
		in, _ := strconv.ParseUint(fields[0], 10, 64)
		out, _ := strconv.ParseUint(fields[8], 10, 64)
		received, sent = received+in, sent+out
	}
	return received, sent
}

// blocksOf reads the group's block I/O where it is counted, else that of the processes that live now.
func (s *statistics) blocksOf(f *statsRow, g *cgroup.Group) {
	if tree := s.machine.Where("blkio"); tree != nil {
		dir := tree.Dir + tree.Base + "/" + g.Path
		name := "/io.stat"
		if tree.Version == 1 {
			name = "/blkio.throttle.io_service_bytes_recursive"
		}
		if data, err := os.ReadFile(dir + name); err == nil {
			f.blockRead, f.blockWrite = blocks(data)
			return
		}
	}
	dir := g.DirOf("pids")
	if dir == "" {
		dir = g.Dir()
	}
	members, _ := os.ReadFile(dir + "/cgroup.procs")
	for pid := range bytes.FieldsSeq(members) {
		data, _ := os.ReadFile("/proc/" + string(pid) + "/io")
		f.blockRead += keyed(data, "read_bytes: ")
		f.blockWrite += keyed(data, "write_bytes: ")
	}
}

// blocks sums the lines "8:0 Read 4096" of v1 and "8:0 rbytes=4096 wbytes=0 …" of v2.
func blocks(data []byte) (read, write uint64) {
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		for _, word := range fields {
			key, value, _ := strings.Cut(word, "=")
			n, _ := strconv.ParseUint(value, 10, 64)
			switch key {
			case "rbytes":
				read += n
			case "wbytes":
				write += n
			}
		}
		if len(fields) == 3 {
			n, _ := strconv.ParseUint(fields[2], 10, 64)
			switch fields[1] {
			case "Read":
				read += n
			case "Write":
				write += n
			}
		}
	}
	return read, write
}

// keyed is the number after a key at the beginning of a line.
func keyed(data []byte, key string) uint64 {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		if value, found := bytes.CutPrefix(line, []byte(key)); found {
			n, _ := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64)
			return n
		}
		data = rest
	}
	return 0
}

// fileNumber is a file of one number; "max" and what cannot be read are 0.
func fileNumber(path string) uint64 {
	data, _ := os.ReadFile(path)
	n, _ := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	return n
}
