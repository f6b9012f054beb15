package course

import (
	"context"
	"fmt"
	"os"
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
		return what, v.selected(ctx, def.Process)
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
		if p.TTY != 0 && p.TTY == self.TTY && !v.named(ctx, p.PID) {
			return f.advise(fmt.Sprintf("There is %s: the arguments differ.", &p))
		}
	}
	return f.advise("Was it put in the background with `&`, and is it still running?")
}

// named says whether a process is what another task of the lab asks for: nobody has mistyped it.
func (v *View) named(ctx context.Context, pid int) bool {
	for i := range v.Lab.Vars {
		s := v.Lab.Vars[i].Process
		if s == nil || s.Command == "" {
			continue
		}
		for _, p := range v.selected(ctx, &Select{Command: v.expand(ctx, s.Command)}) {
			if p.PID == pid {
				return true
			}
		}
	}
	return false
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
