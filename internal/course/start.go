package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/container-labs/lab/pkg/cgroup"
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
		if name == "" || !contains(s.Catalog.Names(), name) {
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
	ledger.Runs = []Run{{Session: -1, Boot: bootID()}}
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
	err := s.change(func(p *Progress) {
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

// solvePatience is how long a check may take to become true after the solution: what is in the background needs a moment.
const solvePatience = 5 * time.Second

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

// unpack copies start/ to the work directory, and start/ and solution/ beside it for the shell.
func (s *Session) unpack(l *Lab, work string) error {
	if !l.Go() {
		return nil
	}
	side := sideDir(work)
	for _, copy := range [...]struct{ from, to string }{{"start", work}, {"start", side + "/start"}, {"solution", side + "/solution"}} {
		if err := s.copyFiles(l, copy.from, copy.to); err != nil {
			return err
		}
	}
	path := filepath.Join(work, "go.mod")
	if err := os.WriteFile(path, []byte(goMod), 0o644); err != nil {
		return fmt.Errorf("copy the files of the lab: %w", err)
	}
	return s.give(path)
}

// sideDir is where the lab's own files are, beside the work directory.
func sideDir(work string) string {
	return filepath.Join(filepath.Dir(work), "."+filepath.Base(work))
}

func (s *Session) copyFiles(l *Lab, from, to string) error {
	if err := s.mkdir(to); err != nil {
		return err
	}
	entries, err := fs.ReadDir(l.Files, from)
	if err != nil {
		return fmt.Errorf("copy the files of the lab: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := fs.ReadFile(l.Files, from+"/"+e.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(to, e.Name()), text, 0o644)
		}
		if err == nil {
			err = s.give(filepath.Join(to, e.Name()))
		}
		if err != nil {
			return fmt.Errorf("copy the files of the lab: %w", err)
		}
	}
	return nil
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

// makeFence makes the lab's control group with its limits, and in it the one for shells.
func (v *View) makeFence() error {
	m, err := v.groups()
	if err != nil {
		return fmt.Errorf("make the fence: %w", err)
	}
	f := v.Lab.Fence
	var limits cgroup.Limits
	if f.Memory != "" {
		limits.Memory, _ = parseBytes(f.Memory)
	}
	limits.PIDs = int64(f.PIDs)
	limits.CPUQuota = int64(f.CPUs * 100000)
	inner := cgroup.Limits{}
	if slices.Contains(v.Lab.Needs.Controllers, "cpuset") {
		limits.CPUs, limits.Mems = cpusetTop(m)
		inner.CPUs, inner.Mems = limits.CPUs, limits.Mems
	}
	for _, g := range []*cgroup.Group{m.Group(v.fence(), limits), m.Group(v.fence()+"/shell", inner)} {
		if err := g.Create(); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the fence: %w", err)
		}
	}
	return v.moreTrees(m)
}

// cpusetTop is what a cpuset group may have at most.
func cpusetTop(m *cgroup.Machine) (cpus, mems string) {
	h := m.Where("cpuset")
	if h == nil {
		return "", ""
	}
	read := func(names ...string) string {
		for _, name := range names {
			if text, err := os.ReadFile(h.Dir + h.Base + "/" + name); err == nil && len(strings.TrimSpace(string(text))) > 0 {
				return strings.TrimSpace(string(text))
			}
		}
		return ""
	}
	return read("cpuset.cpus", "cpuset.cpus.effective"), read("cpuset.mems", "cpuset.mems.effective")
}

// moreTrees lets the fence be in the trees of controllers that pkg/cgroup uses only for limits: blkio, where a lab needs it.
func (v *View) moreTrees(m *cgroup.Machine) error {
	if !slices.Contains(v.Lab.Needs.Controllers, "blkio") {
		return nil
	}
	h := m.Where("blkio")
	if h == nil {
		return nil
	}
	top := h.Dir + h.Base
	if h.Version == 1 {
		if err := os.MkdirAll(top+"/"+v.fence()+"/shell", 0o755); err != nil {
			return fmt.Errorf("make the fence: %w", err)
		}
		return nil
	}
	at := top
	for _, name := range append([]string{""}, strings.Split(v.fence(), "/")...) {
		at = filepath.Join(at, name)
		if err := os.WriteFile(at+"/cgroup.subtree_control", []byte("+io"), 0); err != nil {
			return fmt.Errorf("make the fence: let %s pass on io: %w", at, err)
		}
	}
	return nil
}

// moveTerminal puts the shell that the caller was typed into in the fence. who is "" where there is none: in a script.
func (v *View) moveTerminal() (moved *Moved, who string, err error) {
	p := terminalShell()
	if p == nil {
		return nil, "", nil
	}
	m, err := v.groups()
	if err != nil {
		return nil, "", err
	}
	moved = &Moved{PID: p.PID, Start: p.Start, From: groupDirs(m, p)}
	// lab itself too, and what is between: sudo.
	for _, q := range append([]process{*p}, ancestorsUpTo(p.PID)...) {
		for tree := range moved.From {
			dir := tree + "/" + v.fence() + "/shell"
			if !exists(dir) {
				continue
			}
			if err := os.WriteFile(dir+"/cgroup.procs", fmt.Append(nil, q.PID), 0); err != nil {
				return moved, p.String(), fmt.Errorf("put %s into the fence: %w", &q, err)
			}
		}
	}
	return moved, p.String(), nil
}

// groupDirs notes the group of a process in each tree, by the tree's directory.
func groupDirs(m *cgroup.Machine, p *process) map[string]string {
	dirs := map[string]string{}
	groups, err := p.groups()
	if err != nil {
		return dirs
	}
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		for _, g := range groups {
			if h.Version == 2 && len(g.controllers) == 0 || h.Version == 1 && len(h.Controllers) > 0 && slices.Contains(g.controllers, h.Controllers[0]) {
				dirs[h.Dir+h.Base] = filepath.Join(h.Dir, g.path)
			}
		}
	}
	return dirs
}

// terminalShell finds the shell of the terminal: the nearest process above that has our terminal and is neither sudo nor
// su nor lab.
func terminalShell() *process {
	self, err := readProcess(os.Getpid())
	if err != nil {
		return nil
	}
	for p := self; p.Parent > 1; {
		if p, err = readProcess(p.Parent); err != nil {
			return nil
		}
		if p.TTY == 0 {
			return nil
		}
		if !slices.Contains([]string{"sudo", "su", "doas", "lab"}, p.Name) {
			return &p
		}
	}
	return nil
}

// ancestorsUpTo lists the caller and those above it, below pid.
func ancestorsUpTo(pid int) []process {
	var all []process
	for at := os.Getpid(); at > 1 && at != pid; {
		p, err := readProcess(at)
		if err != nil {
			break
		}
		all = append(all, p)
		at = p.Parent
	}
	return all
}
