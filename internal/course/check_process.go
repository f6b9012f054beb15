package course

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// askProcess answers a process check: first whether there is one, then part by part.
func (v *View) askProcess(ctx context.Context, q *ProcessCheck) Finding {
	what, found := v.processesOf(ctx, q)
	if q.Exists != nil && !*q.Exists {
		if len(found) == 0 {
			return yes()
		}
		return no(found[0].String()+" is there", "no "+what).at(fmt.Sprintf("`ps -o pid,ppid,stat,args -p %d`", found[0].PID))
	}
	if q.Count != "" {
		want, _ := parseCount(q.Count)
		if !want.holds(int64(len(found))) {
			return no(fmt.Sprintf("there is no such number of %s: %s", what, listed(found)), want.String()).at("`ps -ef`")
		}
		if len(found) == 0 {
			return yes()
		}
	}
	if len(found) == 0 {
		return v.noProcess(ctx, q, what)
	}
	var first Finding
	for i := range found {
		f := v.judgeProcess(ctx, q, &found[i])
		if f.OK {
			return f
		}
		if i == 0 {
			first = f
		}
	}
	return first
}

// processesOf lists the processes in question: the one that is bound, or all that find means.
func (v *View) processesOf(ctx context.Context, q *ProcessCheck) (what string, found []process) {
	if q.Find != nil {
		return v.describeSelect(ctx, q.Find), v.selected(ctx, q.Find)
	}
	def, _ := v.Lab.Var(q.Of)
	what = v.describe(ctx, def)
	if q.Count != "" || q.Exists != nil && !*q.Exists {
		return what, v.candidates(ctx, def)
	}
	if p := v.bound[q.Of]; p != nil {
		found = []process{*p}
	}
	return what, found
}

// noProcess says that there is none, and looks for what may have been meant.
func (v *View) noProcess(ctx context.Context, q *ProcessCheck, what string) Finding {
	f := no("there is no "+what, "it running").at("`ps -ef`")
	s := q.Find
	if s == nil {
		def, _ := v.Lab.Var(q.Of)
		s = def.Process
	}
	if s.Command == "" {
		return f
	}
	command := v.expand(ctx, s.Command)
	if others := v.selected(ctx, &Select{Command: command}); len(others) > 0 {
		return no(fmt.Sprintf("%s is there, but there is no %s", &others[0], what), "one").at(fmt.Sprintf("`ls -l /proc/%d`", others[0].PID))
	}
	// What was typed in this terminal may have been meant: other arguments, or ended already.
	self, _ := readProcess(os.Getpid())
	name, _, _ := strings.Cut(command, " ")
	for _, p := range v.selected(ctx, &Select{State: "zombie"}) {
		if p.Name == name && p.TTY != 0 && p.TTY == self.TTY {
			return f.advise(fmt.Sprintf("%s has ended already, and its parent has not asked for its status.", &p))
		}
	}
	for _, p := range v.selected(ctx, &Select{Command: name + " ..."}) {
		if p.TTY != 0 && p.TTY == self.TTY {
			return f.advise(fmt.Sprintf("%s is another one: the arguments differ.", &p))
		}
	}
	return f.advise("Was it put in the background with `&`, and is it still running?")
}

func listed(found []process) string {
	if len(found) == 0 {
		return "there is none"
	}
	var names []string
	for i := range found {
		names = append(names, strconv.Itoa(found[i].PID))
	}
	return plural(len(found), "process, ", "processes, ") + strings.Join(names, " ")
}

// judgeProcess asks all parts of the question of one process.
func (v *View) judgeProcess(ctx context.Context, q *ProcessCheck, p *process) Finding {
	parts := []func(context.Context, *ProcessCheck, *process) Finding{
		v.processState, v.processOwn, v.processShared, v.processSame, v.processRoot, v.processPlace, v.processFamily,
		v.processGroup, v.processUser, v.processRights,
	}
	for i, part := range parts {
		if f := part(ctx, q, p); !f.OK {
			f.passed += i
			return f
		}
	}
	return yes()
}

func (v *View) processState(_ context.Context, q *ProcessCheck, p *process) Finding {
	if q.State == "" || stateName(p.State) == q.State || q.State == "sleeping" && p.State == 'R' && settles(p) {
		return yes()
	}
	f := no(fmt.Sprintf("%s is %s (state %c)", p, stateName(p.State), p.State), "it "+q.State).
		at(fmt.Sprintf("`grep State /proc/%d/status`", p.PID))
	if q.State == "stopped" {
		f.Advice = "SIGSTOP stops a process (`kill -STOP`), or a freezer does."
	}
	return f
}

// settles says whether a process that was just seen running sleeps a moment later.
func settles(p *process) bool {
	for range 3 {
		if now, err := readProcess(p.PID); err != nil || now.State != 'R' {
			return err == nil && stateName(now.State) == "sleeping"
		}
	}
	return false
}

// unshareFlag is unshare(1)'s option for a kind, and what else one needs to know of it.
func unshareAdvice(kind string) string {
	switch kind {
	case "mnt":
		return "`unshare` makes one only with -m."
	case "uts":
		return "`unshare` makes one only with -u."
	case "ipc":
		return "`unshare` makes one only with -i."
	case "net":
		return "`unshare` makes one only with -n."
	case "pid":
		return "`unshare` makes one only with -p, and only children get into it: -f starts one."
	case "user":
		return "`unshare` makes one only with -U (or -r, which maps root too)."
	case "cgroup":
		return "`unshare` makes one only with -C."
	}
	return "`unshare` makes one only with -T."
}

func compareNS(p *process, kind string) string {
	return fmt.Sprintf("`readlink /proc/%d/ns/%s /proc/self/ns/%s`", p.PID, kind, kind)
}

func (v *View) processOwn(_ context.Context, q *ProcessCheck, p *process) Finding {
	for _, kind := range everyKind(q.Own) {
		n, err := namespaceOf(p.PID, kind)
		if err != nil {
			return cannot("the "+kind+" namespace of "+p.String(), err)
		}
		if v.isHome(n) {
			return no(fmt.Sprintf("%s is in %s", p, v.whose(n)), "one in a namespace of its own").
				advise(unshareAdvice(kind)).at(compareNS(p, kind))
		}
	}
	return yes()
}

func (v *View) processShared(_ context.Context, q *ProcessCheck, p *process) Finding {
	for _, kind := range everyKind(q.Shared) {
		n, err := namespaceOf(p.PID, kind)
		if err != nil {
			return cannot("the "+kind+" namespace of "+p.String(), err)
		}
		if !v.isHome(n) {
			host := nsID{kind, v.Home.Namespaces[kind]}
			return no(fmt.Sprintf("%s is in %s", p, n), fmt.Sprintf("it in the host's, %s", host)).
				advise("Start it without making a namespace of this kind.").at(compareNS(p, kind))
		}
	}
	return yes()
}

func (v *View) processSame(ctx context.Context, q *ProcessCheck, p *process) Finding {
	for _, kind := range sortedKeys(q.Same) {
		ref := q.Same[kind]
		got, want, f := v.pairOf(ctx, p, kind, ref)
		if !f.OK {
			return f
		}
		if got != want {
			return no(fmt.Sprintf("%s is in %s", p, v.whose(got)), fmt.Sprintf("it in %s, that of %s", want, v.nameOf(ref))).
				advise("`nsenter` joins a namespace: -t PID with the letter of the kind, or a file.").at(fmt.Sprintf("`readlink /proc/%d/ns/%s`", p.PID, kind))
		}
	}
	for _, kind := range sortedKeys(q.Differs) {
		ref := q.Differs[kind]
		got, other, f := v.pairOf(ctx, p, kind, ref)
		if !f.OK {
			return f
		}
		if got == other {
			return no(fmt.Sprintf("%s is in %s, as %s is", p, v.whose(got), v.nameOf(ref)), "another one for it").
				advise(unshareAdvice(kind)).at(fmt.Sprintf("`readlink /proc/%d/ns/%s`", p.PID, kind))
		}
	}
	return yes()
}

func (v *View) pairOf(ctx context.Context, p *process, kind, ref string) (got, other nsID, f Finding) {
	got, err := namespaceOf(p.PID, kind)
	if err != nil {
		return got, other, cannot("the "+kind+" namespace of "+p.String(), err)
	}
	other, _, err = v.nsRef(ctx, ref, kind)
	if err != nil && other.ino == 0 {
		return got, other, cannot("the "+kind+" namespace of "+v.nameOf(ref), err)
	}
	return got, other, yes()
}

func (v *View) processRoot(ctx context.Context, q *ProcessCheck, p *process) Finding {
	if q.Root == "" {
		return yes()
	}
	got, err := inodeOf(procFile(p.PID, "root"))
	if err != nil {
		return cannot("the root directory of "+p.String(), err)
	}
	path := v.short(ctx, q.Root)
	if path == "host" {
		path = "/"
	}
	want, err := inodeOf(path)
	if err != nil {
		return no(fmt.Sprintf("there is no directory %s", path), "it to be a root directory").at("`ls -ld " + path + "`")
	}
	if got == want {
		return yes()
	}
	link, _ := os.Readlink(procFile(p.PID, "root"))
	f := no(fmt.Sprintf("%s has the root directory %s (inode %d)", p, link, got.ino), fmt.Sprintf("%s (inode %d)", path, want.ino)).
		at(fmt.Sprintf("`ls -ldi /proc/%d/root/ %s`", p.PID, path))
	if host, err := inodeOf("/"); err == nil && got == host {
		f.Found = fmt.Sprintf("%s has the host's root directory (inode %d)", p, got.ino)
		f.Advice = "`chroot DIRECTORY PROGRAM` starts a program with another one; the program must be in it."
	}
	return f
}

func (v *View) processPlace(ctx context.Context, q *ProcessCheck, p *process) Finding {
	if q.Cwd != "" {
		got, err := inodeOf(procFile(p.PID, "cwd"))
		if err != nil {
			return cannot("the current directory of "+p.String(), err)
		}
		if want, err := inodeOf(v.path(ctx, q.Cwd)); err != nil || want != got {
			link, _ := os.Readlink(procFile(p.PID, "cwd"))
			return no(fmt.Sprintf("%s has the current directory %s", p, link), v.short(ctx, q.Cwd)).
				advise("A process begins where its parent is: `cd` first, then start it.").at(fmt.Sprintf("`readlink /proc/%d/cwd`", p.PID))
		}
	}
	if q.Exe != "" {
		link, err := os.Readlink(procFile(p.PID, "exe"))
		if err != nil {
			return cannot("the program of "+p.String(), err)
		}
		if !sameFile(procFile(p.PID, "exe"), v.path(ctx, q.Exe)) {
			return no(fmt.Sprintf("%s runs %s", p, link), "it to run "+v.short(ctx, q.Exe)).at(fmt.Sprintf("`readlink /proc/%d/exe`", p.PID))
		}
	}
	if q.CPUs != "" {
		got, err := p.status("Cpus_allowed_list")
		if err != nil {
			return cannot("the CPUs of "+p.String(), err)
		}
		if want := v.expand(ctx, q.CPUs); !sameSet(got, want) {
			return no(fmt.Sprintf("%s may run on the CPUs %s", p, got), want).
				advise("A cpuset group keeps its members on its CPUs, and `taskset` a single process.").at(fmt.Sprintf("`grep Cpus_allowed_list /proc/%d/status`", p.PID))
		}
	}
	return yes()
}

func (v *View) processFamily(_ context.Context, q *ProcessCheck, p *process) Finding {
	if q.PID != nil {
		got, err := p.inside()
		if err != nil {
			return cannot("the number of "+p.String()+" in its own namespace", err)
		}
		if got != *q.PID {
			f := no(fmt.Sprintf("%s is number %d in its own PID namespace", p, got), fmt.Sprintf("it to be number %d there", *q.PID)).
				at(fmt.Sprintf("`grep NSpid /proc/%d/status`", p.PID))
			if n, err := namespaceOf(p.PID, "pid"); err == nil && v.isHome(n) {
				f.Advice = "It is in the host's PID namespace. " + unshareAdvice("pid")
			} else if *q.PID == 1 {
				f.Advice = "Number 1 is the first process that is born in a new PID namespace."
			}
			return f
		}
	}
	if q.Parent != "" {
		parent := v.bound[q.Parent]
		if parent == nil {
			def, _ := v.Lab.Var(q.Parent)
			return cannot("the parent", &missingProcess{what: def.Name})
		}
		if p.Parent != parent.PID {
			name := strconv.Itoa(p.Parent)
			if other, err := readProcess(p.Parent); err == nil {
				name = other.String()
			}
			return no(fmt.Sprintf("the parent of %s is %s", p, strings.TrimPrefix(name, "process ")), parent.String()).
				at(fmt.Sprintf("`ps -o pid,ppid,args -p %d`", p.PID))
		}
	}
	return yes()
}

func (v *View) processGroup(ctx context.Context, q *ProcessCheck, p *process) Finding {
	if q.Cgroup == "" {
		return yes()
	}
	groups, err := p.groups()
	if err != nil {
		return cannot("the control groups of "+p.String(), err)
	}
	want := strings.Trim(v.expand(ctx, q.Cgroup), "/")
	m, err := v.groups()
	if err != nil {
		return cannot("the control groups", err)
	}
	version2 := q.Controller == ""
	if q.Controller != "" {
		if h := m.Where(q.Controller); h != nil {
			version2 = h.Version == 2
		}
	}
	var other string
	for _, g := range groups {
		if q.Controller != "" && !(len(g.controllers) == 0 && version2) && !slices.Contains(g.controllers, q.Controller) {
			continue
		}
		if g.path == want {
			return yes()
		}
		if other == "" || q.Controller == "" && g.path != "" {
			other = g.path
		}
	}
	tree := ""
	if q.Controller != "" {
		tree = "'s " + q.Controller + " tree"
	}
	return no(fmt.Sprintf("%s is in the group /%s", p, other), fmt.Sprintf("it in /%s%s", want, strings.TrimPrefix(tree, "'s "))).
		advise("Writing its number to the file cgroup.procs of a group moves it there.").at(fmt.Sprintf("`cat /proc/%d/cgroup`", p.PID))
}

func (v *View) processUser(_ context.Context, q *ProcessCheck, p *process) Finding {
	if q.UID != nil {
		got, err := p.uid()
		if err != nil {
			return cannot("the user of "+p.String(), err)
		}
		if got != *q.UID {
			return no(fmt.Sprintf("%s runs as user %d, seen from the host", p, got), fmt.Sprintf("user %d", *q.UID)).at(fmt.Sprintf("`grep Uid /proc/%d/status`", p.PID))
		}
	}
	for _, m := range []struct {
		file string
		want Strings
	}{{"uid_map", q.UIDMap}, {"gid_map", q.GIDMap}} {
		if m.want == nil {
			continue
		}
		text, err := os.ReadFile(procFile(p.PID, m.file))
		if err != nil {
			return cannot("the "+m.file+" of "+p.String(), err)
		}
		var got []string
		for line := range strings.Lines(string(text)) {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		if !slices.Equal(got, m.want) {
			have := "has no line in " + m.file
			if len(got) > 0 {
				have = "has the " + m.file + " \"" + strings.Join(got, ", ") + "\""
			}
			return no(fmt.Sprintf("%s %s", p, have), "\""+strings.Join(m.want, ", ")+"\"").
				advise("A line is: first number inside, first number outside, how many.").at(fmt.Sprintf("`cat /proc/%d/%s`", p.PID, m.file))
		}
	}
	return yes()
}

func (v *View) processRights(_ context.Context, q *ProcessCheck, p *process) Finding {
	if q.Has != nil || q.Lacks != nil {
		text, err := p.status("CapEff")
		if err != nil {
			return cannot("the capabilities of "+p.String(), err)
		}
		bits, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			return cannot("the capabilities of "+p.String(), err)
		}
		look := fmt.Sprintf("`grep CapEff /proc/%d/status`, and `capsh --decode=%s`", p.PID, text)
		for _, c := range everyCapability(q.Has) {
			if n, _ := capabilityNumber(c); bits&(1<<n) == 0 {
				return no(fmt.Sprintf("%s does not have the capability %s (CapEff %s)", p, c, text), "it to have it").at(look)
			}
		}
		for _, c := range everyCapability(q.Lacks) {
			if n, _ := capabilityNumber(c); bits&(1<<n) != 0 {
				return no(fmt.Sprintf("%s has the capability %s (CapEff %s)", p, c, text), "it without").at(look)
			}
		}
	}
	if q.Seccomp != "" {
		text, err := p.status("Seccomp")
		if err != nil {
			return cannot("the seccomp mode of "+p.String(), err)
		}
		got := map[string]string{"0": "none", "1": "strict", "2": "filter"}[text]
		if got != q.Seccomp {
			return no(fmt.Sprintf("%s has the seccomp mode %s", p, got), q.Seccomp).at(fmt.Sprintf("`grep Seccomp /proc/%d/status`", p.PID))
		}
	}
	if q.NoNewPrivileges != nil {
		text, err := p.status("NoNewPrivs")
		if err != nil {
			return cannot("no_new_privs of "+p.String(), err)
		}
		if (text == "1") != *q.NoNewPrivileges {
			return no(fmt.Sprintf("%s has no_new_privs %s", p, text), map[bool]string{true: "1", false: "0"}[*q.NoNewPrivileges]).
				at(fmt.Sprintf("`grep NoNewPrivs /proc/%d/status`", p.PID))
		}
	}
	return yes()
}

// everyCapability spells "all" out, as far as the kernel knows them.
func everyCapability(list Strings) []string {
	if !slices.Contains(list, "all") {
		return list
	}
	last := len(capabilities) - 1
	if text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			last = min(last, n)
		}
	}
	return capabilities[:last+1]
}

// sameSet says whether two lists of CPUs are one: 0-1 is 0,1.
func sameSet(a, b string) bool {
	x, err1 := cpuSet(a)
	y, err2 := cpuSet(b)
	return err1 == nil && err2 == nil && slices.Equal(x, y)
}

func cpuSet(s string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(strings.TrimSpace(s), ",") {
		first, last, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		b := a
		if err == nil && ranged {
			b, err = strconv.Atoi(last)
		}
		if err != nil || b < a || b-a > 1<<16 {
			return nil, errors.New("no list of CPUs")
		}
		for n := a; n <= b; n++ {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
