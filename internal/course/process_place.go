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
