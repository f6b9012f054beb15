package course

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mostCandidates is how many processes a variable may mean at once.
const mostCandidates = 16

// candidates lists the processes that a variable may mean now, the newest first; the one that the learner named alone.
func (v *View) candidates(ctx context.Context, def *Var) []process {
	if pid, ok := v.Pinned[def.Name]; ok {
		if p, err := readProcess(pid); err == nil {
			return []process{p}
		}
	}
	found := v.selected(ctx, def.Process)
	// Another learner on this machine may have the like: what lab itself has typed for this one comes first.
	slices.SortStableFunc(found, func(a, b process) int { return v.typed(b) - v.typed(a) })
	return found
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

// selected lists the processes of which all is true that a selector says.
func (v *View) selected(ctx context.Context, s *Select) []process {
	t, ok := v.prepare(ctx, s)
	if !ok {
		return nil
	}
	var found []process
	for i := range v.all() {
		p := &v.processes[i]
		if p.PID != os.Getpid() && t.matches(v, p) {
			if found = append(found, *p); len(found) == mostCandidates {
				break
			}
		}
	}
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

// courseVariable says in the environment where a course is kept, if not in the usual place: so that several learners, or
// tests, on one machine do not take each other's processes for their own.
const courseVariable = "LAB_COURSE"

// course is the value of that variable which the process was started with; "" for none, or where we may not look.
func (p *process) course() string {
	text, err := os.ReadFile(procFile(p.PID, "environ"))
	if err != nil {
		return ""
	}
	for entry := range strings.SplitSeq(string(text), "\x00") {
		if value, ok := strings.CutPrefix(entry, courseVariable+"="); ok {
			return value
		}
	}
	return ""
}

// login is the user who logged in to start the process, whatever sudo has made of them since; "" for none. See
// proc_pid_loginuid(5).
func (p *process) login() string {
	text, err := os.ReadFile(procFile(p.PID, "loginuid"))
	if err != nil || string(text) == "4294967295" {
		return ""
	}
	return string(text)
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

// uid is the effective user, as seen from here.
func (p *process) uid() (int, error) {
	text, err := p.status("Uid")
	if err != nil {
		return 0, err
	}
	if f := strings.Fields(text); len(f) >= 2 {
		return strconv.Atoi(f[1])
	}
	return 0, os.ErrNotExist
}

// inside is the process's number in its own PID namespace.
func (p *process) inside() (int, error) {
	text, err := p.status("NSpid")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(text)
	if len(f) == 0 {
		return 0, os.ErrNotExist
	}
	return strconv.Atoi(f[len(f)-1])
}

// membership is a process's group in one tree.
type membership struct {
	controllers []string // of v1; empty is v2
	path        string   // without the leading slash; "" is the top
}

// groups reads /proc/PID/cgroup; see cgroups(7).
func (p *process) groups() ([]membership, error) {
	text, err := os.ReadFile(procFile(p.PID, "cgroup"))
	if err != nil {
		return nil, err
	}
	return parseGroups(string(text)), nil
}

func parseGroups(text string) []membership {
	var all []membership
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		m := membership{path: strings.Trim(f[2], "/")}
		if f[1] != "" {
			m.controllers = strings.Split(f[1], ",")
		}
		all = append(all, m)
	}
	return all
}

// everyKind spells "all" out.
func everyKind(list Strings) []string {
	if slices.Contains(list, "all") {
		var all []string
		for _, kind := range kinds {
			if exists("/proc/self/ns/" + kind) {
				all = append(all, kind)
			}
		}
		return all
	}
	return list
}

// describe names a variable's process for a sentence: "process `sleep 60`".
func (v *View) describe(ctx context.Context, def *Var) string {
	text := v.describeSelect(ctx, def.Process)
	if def.About != "" {
		text += " (" + def.About + ")"
	}
	return text
}

func (v *View) describeSelect(ctx context.Context, s *Select) string {
	var with []string
	add := func(format, value string) {
		if value != "" {
			with = append(with, fmt.Sprintf(format, value))
		}
	}
	name := "process"
	if s.Command != "" {
		name += " `" + v.expand(ctx, s.Command) + "`"
	}
	add("whose root directory is %s", v.short(ctx, s.Root))
	add("in the directory %s", v.short(ctx, s.Cwd))
	add("in the group %s", v.expand(ctx, s.Cgroup))
	add("that is a child of %s", v.nameOf(s.Parent))
	add("that descends from %s", v.nameOf(s.Below))
	add("in state %s", s.State)
	add("whose number is in %s", v.short(ctx, s.PIDFile))
	if s.UID != nil {
		with = append(with, fmt.Sprintf("of user %d", *s.UID))
	}
	if s.PID != nil {
		with = append(with, fmt.Sprintf("that is number %d in its PID namespace", *s.PID))
	}
	for _, kind := range sortedKeys(s.In) {
		with = append(with, fmt.Sprintf("in the %s namespace of %s", kind, v.nameOf(s.In[kind])))
	}
	if len(s.Own) > 0 {
		with = append(with, "with namespaces of its own ("+strings.Join(s.Own, ", ")+")")
	}
	if len(s.Shared) > 0 {
		with = append(with, "with the host's namespaces ("+strings.Join(s.Shared, ", ")+")")
	}
	if len(with) == 0 {
		return name
	}
	return name + " " + strings.Join(with, " and ")
}

// nameOf says a variable in words.
func (v *View) nameOf(ref string) string {
	if ref == "" {
		return ""
	}
	if ref == "host" {
		return "the host"
	}
	if p := v.bound[ref]; p != nil {
		return p.String()
	}
	if def, ok := v.Lab.Var(ref); ok {
		if def.About != "" {
			return def.About
		}
		if def.Process != nil && def.Process.Command != "" {
			return "`" + def.Process.Command + "`"
		}
	}
	return ref
}

// short is a path for a sentence.
func (v *View) short(ctx context.Context, path string) string {
	if path == "" || path == "host" {
		return path
	}
	return filepath.Clean(v.path(ctx, path))
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
