package course

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

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
