package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Cleaned is what reset has taken back, and what it has left.
type Cleaned struct {
	Lab     string   `json:"lab"`
	Ended   []string `json:"ended"`   // processes
	Removed []string `json:"removed"` // all else
	Left    []string `json:"left"`    // and why
	Kept    string   `json:"kept"`    // the directory with files that the learner changed; "" for none
}

func (c *Cleaned) ended(p *process) { c.Ended = append(c.Ended, p.String()) }

func (c *Cleaned) removed(format string, args ...any) {
	c.Removed = append(c.Removed, fmt.Sprintf(format, args...))
}

func (c *Cleaned) left(format string, args ...any) {
	c.Left = append(c.Left, fmt.Sprintf(format, args...))
}

// Reset takes back what a lab has made: what its ledger says and what lab.yaml declares, and nothing else. It can be called
// again after any failure; a lab that is not started has nothing to take back.
func (s *Session) Reset(ctx context.Context, l *Lab) (*Cleaned, error) {
	unlock, err := s.lock("ledger/.lock")
	if err != nil {
		return &Cleaned{Lab: l.Name}, err
	}
	defer unlock()
	return s.reset(ctx, l)
}

// reset is Reset for who has the lock.
func (s *Session) reset(ctx context.Context, l *Lab) (*Cleaned, error) {
	out := &Cleaned{Lab: l.Name, Ended: []string{}, Removed: []string{}, Left: []string{}}
	ledger, err := s.Ledger(l.Name)
	var not *NotStartedError
	if errors.As(err, &not) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	v := s.view(l, ledger)
	r := resetting{s, l, ledger, v, out}
	var errs []error
	// Everything that needs variables is looked up before the first thing goes.
	declared := r.declaredProcesses(ctx)
	for _, step := range []func(context.Context) error{
		r.records,
		func(ctx context.Context) error { return r.processes(ctx, declared) },
		r.links, r.namespaces, r.mounts, r.groups, r.sysctls, r.files, r.work,
	} {
		errs = append(errs, step(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return out, fmt.Errorf("reset %s: %w", l.Name, err)
	}
	if err := os.Remove(s.ledgerFile(l.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, fmt.Errorf("reset %s: %w", l.Name, err)
	}
	return out, s.change(func(p *Progress) { p.Lab(l.Name).Tasks = nil })
}

type resetting struct {
	s      *Session
	lab    *Lab
	ledger *Ledger
	v      *View
	out    *Cleaned
}

func (r resetting) records(ctx context.Context) error {
	var errs []error
	for _, one := range []struct {
		what, verb string
		names      []string
	}{{"container", "rm", r.lab.Reset.Containers}, {"image", "rmi", r.lab.Reset.Images}} {
		for _, name := range one.names {
			name = r.v.expand(ctx, name)
			record, err := r.v.inspect(ctx, name)
			if err != nil || record == nil || isContainer(record) != (one.what == "container") || r.wasThere("record", name, "the "+one.what+" "+name) {
				continue
			}
			args := []string{one.verb, name}
			if one.verb == "rm" {
				args = []string{"rm", "-f", name}
			}
			if r.v.Root != "" {
				args = append([]string{"--root", r.v.Root}, args...)
			}
			limited, stop := context.WithTimeout(ctx, 30*time.Second)
			got := run(limited, "/", os.Environ(), r.v.Program, args...)
			stop()
			if got.err != nil || got.status != 0 {
				errs = append(errs, fmt.Errorf("remove the %s %s: %s", one.what, name, clip(oneLine(got.output), 200)))
				continue
			}
			r.out.removed("the %s %s", one.what, name)
		}
	}
	return errors.Join(errs...)
}
