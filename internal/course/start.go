package course

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// StartOptions say how a lab is started.
type StartOptions struct {
	CatchUp  bool   // take back first what this lab and the one before it have left
	Task     string // begin at this task: lab does those before it
	Terminal bool   // the terminal that the caller was started from goes into the fence
}

// Started says what start has done.
type Started struct {
	Work    string // the work directory
	Again   bool   // it was started already: nothing was done
	Fenced  string // the process that was put into the fence; "" for none
	Cleaned []*Cleaned
}

// Start makes a lab the current one and brings the machine to the state that it begins with.
func (s *Session) Start(ctx context.Context, l *Lab, o StartOptions) (*Started, error) {
	out := &Started{Work: s.Work(l.Name)}
	if unmet := l.Needs.Unmet(ctx, s.Root); len(unmet) > 0 {
		return nil, &UnmetError{l.Name, unmet}
	}
	if o.Task != "" {
		if _, ok := l.Task(o.Task); !ok {
			return nil, fmt.Errorf("the lab %s has no task %q; there are %s", l.Name, o.Task, strings.Join(l.taskNames(), ", "))
		}
	}
	unlock, err := s.lock("ledger/.lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if o.CatchUp || o.Task != "" {
		if err := s.cleanBefore(ctx, l, out); err != nil {
			return nil, err
		}
	}
	ledger, err := s.Ledger(l.Name)
	var not *NotStartedError
	switch {
	case err == nil:
		if _, err := os.Stat(ledger.Work); err == nil && ledger.Ready && ledger.boot() == bootID() {
			out.Again = true
			return out, s.change(func(p *Progress) { p.Current = l.Name })
		}
		// It was interrupted, or what it had made is gone with a reboot, or its directory is: begin anew.
		cleaned, err := s.reset(ctx, l)
		if err != nil {
			return nil, err
		}
		out.Cleaned = append(out.Cleaned, cleaned)
	case !errors.As(err, &not):
		return nil, err
	}
	if err := s.begin(ctx, l, o, out); err != nil {
		_, undo := s.reset(context.WithoutCancel(ctx), l)
		return nil, errors.Join(err, undo)
	}
	return out, nil
}

func (l *Lab) taskNames() []string {
	var all []string
	for _, t := range l.Tasks {
		all = append(all, t.Name)
	}
	return all
}

// cleanBefore resets the lab, and the current one.
func (s *Session) cleanBefore(ctx context.Context, l *Lab, out *Started) error {
	p, err := s.Progress()
	if err != nil {
		return err
	}
	for _, name := range slices.Compact([]string{p.Current, l.Name}) {
		if name == "" || !slices.Contains(s.Catalog.Names(), name) {
			continue
		}
		if _, err := s.Ledger(name); err != nil {
			continue
		}
		other := l
		if name != l.Name {
			if other, err = s.Catalog.Load(name, ""); err != nil {
				return err
			}
		}
		cleaned, err := s.reset(ctx, other)
		if err != nil {
			return err
		}
		out.Cleaned = append(out.Cleaned, cleaned)
	}
	return nil
}

// begin writes the ledger and then makes what it says.
func (s *Session) begin(ctx context.Context, l *Lab, o StartOptions, out *Started) error {
	ledger := &Ledger{Lab: l.Name, Started: time.Now().UTC().Truncate(time.Second), Work: out.Work, Home: LookHome()}
	self, err := readProcess(os.Getpid())
	if err != nil {
		return fmt.Errorf("start %s: %w", l.Name, reason(err))
	}
	ledger.Runs = []Run{{Session: -1, Since: self.Start, Boot: bootID()}} // no script's: when and in which boot it began
	v := s.view(l, ledger)
	if l.Fence != nil {
		ledger.Fence = v.fence()
	}
	ledger.Before = v.before(ctx)
	ledger.Sysctls = v.settings()
	if exists(out.Work) {
		return fmt.Errorf("%s is there already, and no lab is known to have made it: move it away, or remove it", out.Work)
	}
	if err := s.write(ledger); err != nil {
		return err
	}
	if err := s.mkdir(out.Work); err != nil {
		return err
	}
	if err := s.unpack(l, out.Work); err != nil {
		return err
	}
	if l.Fence != nil {
		if err := v.makeFence(); err != nil {
			return err
		}
		if o.Terminal {
			moved, who, err := v.moveTerminal()
			if err != nil {
				return err
			}
			if who != "" {
				ledger.Shells, out.Fenced = append(ledger.Shells, *moved), who
				if err := s.write(ledger); err != nil {
					return err
				}
			}
		}
	}
	if text := l.Setup.For(v.version()); text != "" {
		if err := s.script(ctx, v, ledger, text, "the setup of the lab"); err != nil {
			return err
		}
	}
	ledger.Ready = true
	if err := s.write(ledger); err != nil {
		return err
	}
	err = s.change(func(p *Progress) {
		p.Current = l.Name
		r := p.Lab(l.Name)
		if r.Started.IsZero() || r.Count(l) == 0 {
			r.Started = ledger.Started
		}
	})
	if err != nil || o.Task == "" {
		return err
	}
	return s.upTo(ctx, l, o.Task)
}

// upTo does the tasks before the one called name.
func (s *Session) upTo(ctx context.Context, l *Lab, name string) error {
	for i := range l.Tasks {
		t := &l.Tasks[i]
		if t.Name == name {
			return nil
		}
		if err := s.Solve(ctx, l, t); err != nil {
			return err
		}
		if err := s.done(l, t.Name, true); err != nil {
			return err
		}
	}
	return nil
}

// solvePatience is how long a check may take to become true after the solution: what is in the background needs a moment, and on an
// emulated processor ten times as long.
const solvePatience = 30 * time.Second

// Solve types the solution of a task and waits until its check is true.
func (s *Session) Solve(ctx context.Context, l *Lab, t *Task) error {
	if err := s.Type(ctx, l, t); err != nil {
		return err
	}
	v, err := s.View(l)
	if err != nil {
		return err
	}
	for end := time.Now().Add(solvePatience); ; time.Sleep(50 * time.Millisecond) {
		f := v.Ask(ctx, t.Check)
		if f.OK {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(end) {
			return fmt.Errorf("the solution of %s was typed, and still: %s", t.Name, f)
		}
	}
}

// boot is the boot in which the lab was started.
func (l *Ledger) boot() string {
	if len(l.Runs) == 0 {
		return ""
	}
	return l.Runs[0].Boot
}

// settings notes the values of the settings that the lab will change.
func (v *View) settings() []Setting {
	var all []Setting
	for _, name := range v.Lab.Reset.Sysctls {
		if text, err := os.ReadFile(sysctlFile(name)); err == nil {
			all = append(all, Setting{name, strings.TrimSpace(string(text))})
		}
	}
	return all
}

func sysctlFile(name string) string { return "/proc/sys/" + strings.ReplaceAll(name, ".", "/") }
