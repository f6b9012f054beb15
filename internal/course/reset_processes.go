package course

import (
	"context"
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// declaredProcesses lists what the variables mean, each once.
func (r resetting) declaredProcesses(ctx context.Context) []process {
	var all []process
	for i := range r.lab.Vars {
		def := &r.lab.Vars[i]
		if def.Process == nil {
			continue
		}
		found := r.v.candidates(ctx, def)
		if len(found) > 0 {
			r.v.bound[def.Name] = &found[0] // for the variables below
		}
		if !slices.Contains(r.lab.Reset.Processes, def.Name) {
			continue
		}
		if _, pinned := r.v.Pinned[def.Name]; !pinned {
			found = r.v.selected(ctx, def.Process) // all of them
		}
		for _, p := range found {
			if !slices.ContainsFunc(all, func(q process) bool { return q.PID == p.PID }) {
				all = append(all, p)
			}
		}
	}
	return all
}

func (r resetting) processes(ctx context.Context, declared []process) error {
	var errs []error
	r.thaw(ctx)
	for _, p := range append(declared, r.ledger.runProcesses()...) {
		if p.PID == os.Getpid() || p.PID == 1 || slices.ContainsFunc(ancestorsUpTo(0), func(q process) bool { return q.PID == p.PID }) {
			r.out.left("%s: reset was started from it", &p)
			continue
		}
		if !p.alive() || r.wasThere("process", p.identity(), p.String()) {
			continue
		}
		if whose := r.stranger(&p); whose != "" {
			r.out.left("%s: it is of %s", &p, whose)
			continue
		}
		err := kill(p)
		if errors.Is(err, unix.EPERM) {
			r.out.left("%s: it belongs to another user", &p)
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.out.ended(&p)
	}
	return errors.Join(errs...)
}

// stranger says whose a process is that matches what the lab declares and was started by somebody else.
func (r resetting) stranger(p *process) string {
	if r.v.typed(*p) > 0 {
		return ""
	}
	self := process{PID: os.Getpid()}
	if a, b := p.login(), self.login(); a != "" && b != "" && a != b {
		return "user " + a + ", who has logged in for themselves"
	}
	if !r.v.ours(p) {
		return "another course, or of none"
	}
	return ""
}
