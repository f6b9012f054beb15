package course

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
)

// mostCandidates is how many processes a check is tried with for one variable.
const mostCandidates = 16

// candidates lists the processes that a variable may mean now, the likeliest first; the one that the learner named alone.
func (v *View) candidates(ctx context.Context, def *Var) []process {
	if pid, ok := v.Pinned[def.Name]; ok {
		if p, err := readProcess(pid); err == nil {
			return []process{p}
		}
	}
	found := v.selected(ctx, def.Process)
	return found[:min(len(found), mostCandidates)]
}

// typed is 1 for a process of a script that lab has run for this learner.
func (v *View) typed(p process) int {
	for _, r := range v.Runs {
		if p.Session == r.Session && p.Start >= r.Since {
			return 1
		}
	}
	return 0
}

// selected lists the processes of which all is true that a selector says, the likeliest first.
func (v *View) selected(ctx context.Context, s *Select) []process {
	t, ok := v.prepare(ctx, s)
	if !ok {
		return nil
	}
	var found []process
	for i := range v.all() {
		p := &v.processes[i]
		if p.PID != os.Getpid() && t.matches(v, p) {
			found = append(found, *p)
		}
	}
	v.likeliestFirst(found)
	return found
}

// test is a selector with everything looked up that is the same for all processes.
type test struct {
	*Select
	command   string
	root, cwd *inode
	cgroup    string
	parent    int
	below     int
	pid       int
	in        map[string]uint64
}

func (v *View) prepare(ctx context.Context, s *Select) (t test, ok bool) {
	t = test{Select: s, command: v.expand(ctx, s.Command), cgroup: strings.Trim(v.expand(ctx, s.Cgroup), "/")}
	dir := func(path string) (*inode, bool) {
		if path == "" {
			return nil, true
		}
		id, err := inodeOf(v.path(ctx, path))
		return &id, err == nil
	}
	relative := func(name string) (int, bool) {
		if name == "" {
			return 0, true
		}
		p := v.bound[name]
		if p == nil {
			return 0, false
		}
		return p.PID, true
	}
	var oks [5]bool
	t.root, oks[0] = dir(s.Root)
	t.cwd, oks[1] = dir(s.Cwd)
	t.parent, oks[2] = relative(s.Parent)
	t.below, oks[3] = relative(s.Below)
	oks[4] = true
	if s.PIDFile != "" {
		text, err := os.ReadFile(v.path(ctx, s.PIDFile))
		pid, err2 := strconv.Atoi(strings.TrimSpace(string(text)))
		t.pid, oks[4] = pid, err == nil && err2 == nil
	}
	t.in = map[string]uint64{}
	for kind, ref := range s.In {
		n, _, err := v.nsRef(ctx, ref, kind)
		if n.ino == 0 && err != nil {
			return t, false
		}
		t.in[kind] = n.ino
	}
	return t, !slices.Contains(oks[:], false)
}

// matches asks the cheap things first.
func (t *test) matches(v *View, p *process) bool {
	switch {
	case t.command != "" && !sameCommand(p.Args, t.command),
		t.State != "" && stateName(p.State) != t.State,
		t.State == "" && stateName(p.State) == "zombie",
		t.pid != 0 && p.PID != t.pid,
		t.parent != 0 && p.Parent != t.parent,
		t.below != 0 && !v.descends(p, t.below),
		t.root != nil && !leadsTo(p, "root", *t.root),
		t.cwd != nil && !leadsTo(p, "cwd", *t.cwd):
		return false
	}
	if t.UID != nil {
		if uid, err := p.uid(); err != nil || uid != *t.UID {
			return false
		}
	}
	if t.PID != nil {
		if inside, err := p.inside(); err != nil || inside != *t.PID {
			return false
		}
	}
	if t.cgroup != "" {
		groups, err := p.groups()
		if err != nil || !slices.ContainsFunc(groups, func(g membership) bool { return g.path == t.cgroup }) {
			return false
		}
	}
	for kind, ino := range t.in {
		if n, err := namespaceOf(p.PID, kind); err != nil || n.ino != ino {
			return false
		}
	}
	for _, kind := range everyKind(t.Own) {
		if n, err := namespaceOf(p.PID, kind); err != nil || v.isHome(n) {
			return false
		}
	}
	for _, kind := range everyKind(t.Shared) {
		if n, err := namespaceOf(p.PID, kind); err != nil || !v.isHome(n) {
			return false
		}
	}
	return v.ours(p)
}

// ours says whether a process is of this course: it has our variable in its environment, or what started it has, or none of
// us has any.
func (v *View) ours(p *process) bool {
	mine, its := os.Getenv(courseVariable), p.course()
	if its != "" || mine == "" || v.typed(*p) > 0 {
		return its == mine || v.typed(*p) > 0
	}
	for at, n := p.Parent, 0; at > 1 && n < 100; n++ { // a container has an environment of its own
		i := slices.IndexFunc(v.all(), func(q process) bool { return q.PID == at })
		if i < 0 {
			break
		}
		if course := v.processes[i].course(); course != "" {
			return course == mine
		}
		at = v.processes[i].Parent
	}
	return false
}

func leadsTo(p *process, link string, want inode) bool {
	got, err := inodeOf(procFile(p.PID, link))
	return err == nil && got == want
}

// descends says whether pid is above p.
func (v *View) descends(p *process, pid int) bool {
	at := p.Parent
	for range 1000 {
		if at == pid {
			return true
		}
		i := slices.IndexFunc(v.all(), func(q process) bool { return q.PID == at })
		if i < 0 || at <= 1 {
			return false
		}
		at = v.processes[i].Parent
	}
	return false
}
