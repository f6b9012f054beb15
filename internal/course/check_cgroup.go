package course

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/container-labs/lab/pkg/cgroup"
)

// seat is a group in one tree.
type seat struct {
	path       string // "/lab-course/030-cgroups/demo", as sentences have it
	dir        string
	version    int
	controller string
}

// askCgroup answers a cgroup check.
func (v *View) askCgroup(ctx context.Context, q *CgroupCheck) Finding {
	m, err := v.groups()
	if err != nil {
		return cannot("the control groups", err)
	}
	path := strings.Trim(v.expand(ctx, q.Path), "/")
	controller := q.controller(v.Lab)
	at, f := seatOf(m, path, controller)
	there := f.OK && exists(at.dir)
	if q.Exists != nil && !*q.Exists {
		if there {
			return no("the group "+at.dir+" is there", "it not to be").advise("`rmdir` removes a group without members.").at("`ls " + at.dir + "`")
		}
		return yes()
	}
	if !f.OK {
		return f
	}
	if !there {
		f := no("there is no group "+at.dir, "one").at("`ls " + filepath.Dir(at.dir) + "`").advise("`mkdir` makes one, in the tree of the controller.")
		for i := range m.Hierarchies {
			h := &m.Hierarchies[i]
			if other := h.Dir + h.Base + "/" + path; h.Name == "" && other != at.dir && exists(other) {
				f.Advice = "There is " + other + ": a group of that name in another controller's tree."
				break
			}
		}
		return f
	}
	for i, part := range []func(context.Context, *cgroup.Machine, *CgroupCheck, seat) Finding{
		v.groupFiles, v.groupMembers, v.groupEvents, v.groupCPU,
	} {
		if f := part(ctx, m, q, at); !f.OK {
			f.passed = i + 1
			return f
		}
	}
	return yes()
}

// controller is the one that a question is about.
func (q *CgroupCheck) controller(l *Lab) string {
	if q.Controller != "" {
		return q.Controller
	}
	for _, file := range sortedKeys(q.Files) {
		if w, ok := wordOf(file); ok {
			return w.controller
		}
	}
	switch {
	case q.Thrott != nil:
		return "cpu"
	case q.OOM != nil:
		return "memory"
	case q.Full != nil:
		return "pids"
	case q.Frozen != nil:
		return "freezer"
	case q.CPU != nil || q.Ratio != nil:
		return "cpuacct"
	case len(l.Needs.Controllers) > 0:
		return l.Needs.Controllers[0]
	}
	return ""
}

// seatOf finds the group's directory. Without a controller it is in the first tree that has such a group.
func seatOf(m *cgroup.Machine, path, controller string) (seat, Finding) {
	s := seat{path: "/" + path, controller: controller}
	if controller != "" {
		h := m.Where(controller)
		if h == nil {
			return s, no("this machine has no controller "+controller, "a group of it").at("`lab doctor`")
		}
		s.dir, s.version = h.Dir+h.Base+"/"+path, h.Version
		return s, yes()
	}
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		if dir := h.Dir + h.Base + "/" + path; s.dir == "" || exists(dir) && !exists(s.dir) {
			s.dir, s.version = dir, h.Version
		}
	}
	if s.dir == "" {
		return s, no("no control groups are mounted here", "a group").at("`findmnt -t cgroup,cgroup2`")
	}
	return s, yes()
}

func (s seat) read(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	return strings.TrimSpace(string(text)), err
}

func (v *View) groupFiles(ctx context.Context, m *cgroup.Machine, q *CgroupCheck, at seat) Finding {
	for _, file := range sortedKeys(q.Files) {
		w, _ := wordOf(file)
		in, f := seatOf(m, strings.TrimPrefix(at.path, "/"), w.controller)
		if f.OK {
			f = w.judge(in, v.expand(ctx, q.Files[file]))
		}
		if !f.OK {
			return f
		}
	}
	raw := q.RawV2
	if at.version == 1 {
		raw = q.RawV1
	}
	for _, file := range sortedKeys(raw) {
		want := v.expand(ctx, raw[file])
		got, err := at.read(file)
		if err != nil {
			return at.unread(file, err)
		}
		bound, err := parseCount(want)
		number, err2 := strconv.ParseInt(got, 10, 64)
		if got != want && !(err == nil && err2 == nil && bound.holds(number)) {
			return no(fmt.Sprintf("%s of the group %s is %s", file, at.path, quoted(got)), quoted(want)).at("`cat " + at.dir + "/" + file + "`")
		}
	}
	return yes()
}

// unread says why a file of a group is not there, which on v2 is nearly always one reason.
func (s seat) unread(file string, err error) Finding {
	f := cannot(file+" of the group "+s.path, err)
	if os.IsNotExist(err) {
		f = no(fmt.Sprintf("the group %s has no file %s", s.path, file), "it").at("`ls " + s.dir + "`")
		if s.version == 2 {
			f.Advice = "On v2 a group has a controller's files only where the group above says +" + strings.Replace(s.controller, "blkio", "io", 1) + " in cgroup.subtree_control."
		}
	}
	return f
}

// judge compares the value of a file, in either version's words.
func (w word) judge(s seat, want string) Finding {
	file := w.v2
	if s.version == 1 {
		file = w.v1
	}
	got, err := s.read(file)
	if err != nil {
		return s.unread(file, err)
	}
	look := "`cat " + s.dir + "/" + file + "`"
	found := fmt.Sprintf("%s of the group %s is %s", file, s.path, got)
	switch w.v2 {
	case "cpu.max":
		return w.judgeQuota(s, got, want, found, look)
	case "cpu.weight":
		n, _ := strconv.ParseUint(got, 10, 64)
		in := "cpu.weight " + want
		if s.version == 1 {
			n = cgroup.Weight(n)
			if c, err := parseCount(want); err == nil {
				in = fmt.Sprintf("about %d (%s on v2)", c.n*1024/100, in)
			}
		}
		if c, err := parseCount(want); err == nil && c.op == "" && 50*abs(int64(n)-c.n) <= c.n || c.holds(int64(n)) {
			return yes()
		}
		return no(found, in).at(look)
	case "cpuset.cpus", "cpuset.mems":
		if sameSet(got, want) {
			return yes()
		}
		if got == "" {
			found = fmt.Sprintf("%s of the group %s is empty", file, s.path)
		}
		return no(found, want).at(look)
	case "cgroup.freeze":
		if got == want || got == map[string]string{"1": "FROZEN", "0": "THAWED"}[want] {
			return yes()
		}
		if s.version == 1 {
			want = map[string]string{"1": "FROZEN", "0": "THAWED"}[want]
		}
		return no(found, want).at(look)
	}
	return judgeNumber(got, want, found, look)
}

func abs(n int64) int64 { return max(n, -n) }

// judgeQuota compares parts of a CPU: 50000 of 100000 is 25000 of 50000.
func (w word) judgeQuota(s seat, got, want, found, look string) Finding {
	if s.version == 1 {
		period, _ := s.read("cpu.cfs_period_us")
		if got == "-1" {
			got = "max"
			found += " (no quota)"
		} else {
			found += " (of each " + period + " µs)"
		}
		got += " " + period
	}
	a, b := part(got), part(want)
	if a == b || a > 0 && b > 0 && a/b > 0.99 && a/b < 1.01 {
		return yes()
	}
	expected := fmt.Sprintf("%q", want)
	if s.version == 1 {
		quota, period, _ := strings.Cut(want, " ")
		if period == "" {
			period = "100000"
		}
		expected = fmt.Sprintf("%s of each %s µs", quota, period)
		if quota == "max" {
			expected = "-1, no quota"
		}
	}
	return no(found, expected).at(look)
}

// part is "50000 100000" as 0.5, and "max" as 0.
func part(s string) float64 {
	f := strings.Fields(s)
	if len(f) == 0 || f[0] == "max" {
		return 0
	}
	quota, _ := strconv.ParseFloat(f[0], 64)
	period := 100000.0
	if len(f) > 1 {
		period, _ = strconv.ParseFloat(f[1], 64)
	}
	if period == 0 {
		return 0
	}
	return quota / period
}

// judgeNumber compares a number, "max", or the number at the end of "default 100".
func judgeNumber(got, want, found, look string) Finding {
	f := strings.Fields(got)
	text := ""
	if len(f) > 0 {
		text = f[len(f)-1]
	}
	unlimited := text == "max" || len(text) > 18
	if want == "max" {
		if unlimited {
			return yes()
		}
		return no(found, "no limit").at(look)
	}
	if unlimited {
		found = strings.TrimSuffix(found, got) + got + " (no limit)"
	}
	bound, err := parseCount(want)
	n, err2 := strconv.ParseInt(text, 10, 64)
	page := int64(os.Getpagesize()) // the kernel rounds memory down to pages
	if err == nil && err2 == nil && (bound.holds(n) || bound.op == "" && n <= bound.n && bound.n-n < page && bound.n > page) {
		return yes()
	}
	if err == nil {
		want = bound.String()
	}
	return no(found, want).at(look)
}

func (v *View) groupMembers(ctx context.Context, _ *cgroup.Machine, q *CgroupCheck, at seat) Finding {
	if q.Holds == nil && q.Tasks == "" {
		return yes()
	}
	text, err := at.read("cgroup.procs")
	if err != nil {
		return cannot("the members of "+at.path, err)
	}
	members := strings.Fields(text)
	look := "`cat " + at.dir + "/cgroup.procs`"
	for _, name := range q.Holds {
		p := v.bound[name]
		if p == nil {
			def, _ := v.Lab.Var(name)
			return cannot("the process", &missingProcess{v.describe(ctx, def)})
		}
		if !slices.Contains(members, strconv.Itoa(p.PID)) {
			return no(p.String()+" is not in the group "+at.dir, "it there").
				advise(fmt.Sprintf("`echo %d > %s/cgroup.procs` moves it.", p.PID, at.dir)).at(fmt.Sprintf("`cat /proc/%d/cgroup`", p.PID))
		}
	}
	if q.Tasks != "" {
		want, _ := parseCount(q.Tasks)
		if !want.holds(int64(len(members))) {
			found := "nobody is in the group " + at.dir
			if len(members) > 0 {
				found = fmt.Sprintf("in the group %s there is %s", at.dir, plural(len(members), "process", "processes"))
			}
			return no(found, want.String()).at(look)
		}
	}
	return yes()
}

// groupEvents looks at what has happened in the group.
func (v *View) groupEvents(_ context.Context, m *cgroup.Machine, q *CgroupCheck, at seat) Finding {
	if q.Thrott == nil && q.OOM == nil && q.Full == nil && q.Frozen == nil {
		return yes()
	}
	path := strings.TrimPrefix(at.path, "/")
	g, err := m.Open(path)
	if err != nil {
		return cannot("the group "+at.path, err)
	}
	figures, err := g.Stats()
	if err != nil {
		return cannot("the figures of the group "+at.path, err)
	}
	if q.Thrott != nil && (figures.CPU.Throttled > 0) != *q.Thrott {
		in, _ := seatOf(m, path, "cpu")
		look := "`cat " + in.dir + "/cpu.stat`"
		if *q.Thrott {
			return no(fmt.Sprintf("the group %s has never been throttled (nr_throttled 0)", at.path), "its CPU quota to have held it back").
				advise("A group is throttled when its members want more than its quota: is there one, and does a member spin?").at(look)
		}
		return no(fmt.Sprintf("the group %s has been throttled (nr_throttled %d)", at.path, figures.CPU.Throttled), "it never to have been").at(look)
	}
	if q.OOM != nil && (figures.Memory.OOMKills > 0) != *q.OOM {
		in, _ := seatOf(m, path, "memory")
		look := "`cat " + in.dir + map[int]string{1: "/memory.oom_control`", 2: "/memory.events`"}[in.version]
		if *q.OOM {
			return no(fmt.Sprintf("the OOM killer has not yet ended a member of the group %s (oom_kill 0)", at.path), "that to have happened").
				advise("A member must touch more memory than the group may have; where there is swap, that must be limited too.").at(look)
		}
		return no(fmt.Sprintf("the OOM killer has ended a member of the group %s (oom_kill %d)", at.path, figures.Memory.OOMKills), "that not to happen").at(look)
	}
	if q.Full != nil {
		in, f := seatOf(m, path, "pids")
		if !f.OK {
			return f
		}
		text, err := in.read("pids.events")
		if err != nil {
			return in.unread("pids.events", err)
		}
		refused := strings.TrimPrefix(text, "max ")
		if (refused != "0") != *q.Full {
			look := "`cat " + in.dir + "/pids.events`"
			if *q.Full {
				return no(fmt.Sprintf("no fork has been refused in the group %s (pids.events: max 0)", at.path), "one to have been, by pids.max").at(look)
			}
			return no(fmt.Sprintf("forks have been refused in the group %s (pids.events: max %s)", at.path, refused), "none to be").at(look)
		}
	}
	if q.Frozen != nil {
		return groupFrozen(m, path, *q.Frozen)
	}
	return yes()
}

func groupFrozen(m *cgroup.Machine, path string, want bool) Finding {
	in, f := seatOf(m, path, "freezer")
	if !f.OK {
		return f
	}
	file := map[int]string{1: "freezer.state", 2: "cgroup.events"}[in.version]
	text, err := in.read(file)
	if err != nil {
		return in.unread(file, err)
	}
	if got := text == "FROZEN" || strings.Contains(text, "frozen 1"); got != want {
		state := map[bool]string{true: "frozen", false: "not frozen"}
		return no("the group "+in.dir+" is "+state[got], "it "+state[want]).at("`cat " + in.dir + "/" + file + "`")
	}
	return yes()
}

// groupCPU measures.
func (v *View) groupCPU(ctx context.Context, m *cgroup.Machine, q *CgroupCheck, at seat) Finding {
	path := strings.TrimPrefix(at.path, "/")
	if s := q.CPU; s != nil {
		used, f := measure(ctx, m, orElse(s.Over, 2*time.Second), path)
		if !f.OK {
			return f
		}
		tolerance := s.Tolerance
		if tolerance == 0 {
			tolerance = 15
		}
		if got := used[0]; got < s.Percent-tolerance || got > s.Percent+tolerance {
			return no(fmt.Sprintf("the group %s used %.0f %% of a CPU in the last seconds", at.path, got), fmt.Sprintf("about %.0f %%", s.Percent)).
				at("`lab cgroup watch " + path + "`, or `top`")
		}
	}
	if r := q.Ratio; r != nil {
		other := strings.Trim(v.expand(ctx, r.To), "/")
		used, f := measure(ctx, m, orElse(r.Over, 3*time.Second), path, other)
		if !f.OK {
			return f
		}
		tolerance := r.Tolerance
		if tolerance == 0 {
			tolerance = 0.35
		}
		if used[1] < 1 || used[0] < 1 {
			return no(fmt.Sprintf("the group %s used %.0f %% of a CPU in the last seconds and /%s %.0f %%", at.path, used[0], other, used[1]), "both to be busy").
				at("`top`")
		}
		if got := used[0] / used[1]; got < r.Is*(1-tolerance) || got > r.Is*(1+tolerance) {
			return no(fmt.Sprintf("the group %s used %.0f %% of a CPU in the last seconds and /%s %.0f %%, %.1f times as much", at.path, used[0], other, used[1], got), fmt.Sprintf("about %g times", r.Is)).
				advise("Weights count only where groups want the same CPU: keep both on one with a cpuset or `taskset`.").at("`top`")
		}
	}
	return yes()
}

// measure returns what some groups use of a CPU, in percent, for a while.
func measure(ctx context.Context, m *cgroup.Machine, over time.Duration, paths ...string) ([]float64, Finding) {
	usage := func() ([]time.Duration, Finding) {
		var all []time.Duration
		for _, path := range paths {
			g, err := m.Open(path)
			if err != nil {
				return nil, no("there is no group /"+path, "one")
			}
			s, err := g.Stats()
			if err != nil {
				return nil, cannot("the CPU time of the group /"+path, err)
			}
			all = append(all, s.CPU.Usage)
		}
		return all, yes()
	}
	begin := time.Now()
	before, f := usage()
	if !f.OK {
		return nil, f
	}
	select {
	case <-ctx.Done():
		return nil, Finding{Found: "the measurement was interrupted"}
	case <-time.After(over):
	}
	after, f := usage()
	if !f.OK {
		return nil, f
	}
	elapsed := time.Since(begin)
	var percent []float64
	for i := range paths {
		percent = append(percent, 100*float64(after[i]-before[i])/float64(elapsed))
	}
	return percent, yes()
}
