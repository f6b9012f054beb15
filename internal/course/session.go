package course

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Session is the course of one learner on one machine.
type Session struct {
	Catalog  *Catalog
	Language string

	Dir   string // progress.json and ledger/
	Works string // the labs' work directories are made here

	UID, GID int // the learner, to whom all files are given

	Root    string // lab's images and containers, as --root says; "" is the default
	Program string // the lab program
	Parent  string // the control group below which fences are made; "" is the top
}

// Open finds out whose course it is and where it is kept.
//
// With LAB_COURSE all is in that directory. Else progress is in lab/course below XDG_DATA_HOME or ~/.local/share, and work
// directories are in ~/lab-course; "~" is that of the user who called sudo, where sudo was called.
func Open(c *Catalog) (*Session, error) {
	s := &Session{Catalog: c, UID: os.Getuid(), GID: os.Getgid()}
	if program, err := os.Executable(); err == nil {
		s.Program = program
	}
	s.Parent = os.Getenv("LAB_CGROUP_PARENT")
	home, data := os.Getenv("HOME"), os.Getenv("XDG_DATA_HOME")
	if name := os.Getenv("SUDO_USER"); name != "" && os.Getuid() == 0 {
		if u, err := user.Lookup(name); err == nil {
			home, data = u.HomeDir, ""
			s.UID, _ = strconv.Atoi(u.Uid)
			s.GID, _ = strconv.Atoi(u.Gid)
		}
	}
	if dir := os.Getenv(courseVariable); dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("find the directory of the course: %w", err)
		}
		s.Dir, s.Works = dir, filepath.Join(dir, "work")
		return s, nil
	}
	if home == "" {
		if u, err := user.Current(); err == nil {
			home = u.HomeDir
		}
	}
	if !filepath.IsAbs(home) {
		return nil, errors.New("find the directory of the course: HOME is not set; LAB_COURSE=DIR says where to keep it")
	}
	if !filepath.IsAbs(data) {
		data = filepath.Join(home, ".local/share")
	}
	s.Dir, s.Works = filepath.Join(data, "lab/course"), filepath.Join(home, "lab-course")
	return s, nil
}

// Work is the work directory of a lab.
func (s *Session) Work(name string) string { return filepath.Join(s.Works, name) }

// ProgressFile is where the progress is kept.
func (s *Session) ProgressFile() string { return filepath.Join(s.Dir, "progress.json") }

// Progress reads what was done; nothing, where nobody has begun.
func (s *Session) Progress() (*Progress, error) {
	p := &Progress{Labs: map[string]*Record{}}
	err := readJSON(s.ProgressFile(), p)
	return p, err
}

// change reads the progress, changes it and writes it. Two terminals at once are normal: a lock keeps them apart.
func (s *Session) change(do func(*Progress)) error {
	unlock, err := s.lock(".lock")
	if err != nil {
		return err
	}
	defer unlock()
	p, err := s.Progress()
	if err != nil {
		return err
	}
	do(p)
	return s.writeJSON(s.ProgressFile(), p)
}

// lock waits until nobody else holds the lock of that name. The kernel drops it when its holder ends, in whatever way.
func (s *Session) lock(name string) (unlock func(), err error) {
	path := filepath.Join(s.Dir, name)
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the course: %w", reason(err))
	}
	_ = s.give(path)
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the course: %w", err)
	}
	return func() { _ = file.Close() }, nil
}

// Load reads a lab, by any word that means it; "" is the current one.
func (s *Session) Load(word string) (*Lab, error) {
	name := ""
	if word == "" {
		p, err := s.Progress()
		if err != nil {
			return nil, err
		}
		if name = p.Current; name == "" {
			return nil, ErrNoCurrent
		}
	}
	if name == "" || !slices.Contains(s.Catalog.Names(), name) {
		if name == "" {
			name = word
		}
		var err error
		if name, err = s.Catalog.Find(name); err != nil {
			return nil, err
		}
	}
	return s.Catalog.Load(name, s.Language)
}

// ErrNoCurrent is returned where no lab is named and none was started.
var ErrNoCurrent = errors.New("no lab has been started yet")

// NotStartedError is returned for what needs a lab to be started.
type NotStartedError struct{ Lab string }

func (e *NotStartedError) Error() string { return "the lab " + e.Lab + " has not been started here" }

// View returns what checks of a lab look at. The lab must be started.
func (s *Session) View(l *Lab) (*View, error) {
	ledger, err := s.Ledger(l.Name)
	if err != nil {
		return nil, err
	}
	return s.view(l, ledger), nil
}

func (s *Session) view(l *Lab, ledger *Ledger) *View {
	parent := s.Parent
	if ledger.Fence != "" { // where it was made, whatever LAB_CGROUP_PARENT says now: in a lesson it says the fence
		parent = strings.TrimPrefix(filepath.Dir(filepath.Dir("/"+ledger.Fence)), "/")
	}
	v := &View{
		Lab: l, Work: ledger.Work, Home: ledger.Home, Root: s.Root, Program: s.Program, Parent: parent, Pinned: ledger.Pinned, Runs: ledger.Runs,
	}
	v.look()
	return v
}

// Away lists the kinds of namespaces in which the caller is not where the lab was started: checks look at the host from there,
// and the paths that it types are other ones.
func (v *View) Away() []string {
	var away []string
	for _, kind := range kinds {
		n, err := namespaceAt("/proc/thread-self/ns/"+kind, kind)
		if err == nil && v.Home.Namespaces[kind] != 0 && !v.isHome(n) {
			away = append(away, kind)
		}
	}
	return away
}

// Pin notes which process the learner means by a variable.
func (s *Session) Pin(l *Lab, name string, pid int) error {
	if def, ok := l.Var(name); !ok || def.Process == nil {
		return fmt.Errorf("the lab %s has no process variable %q", l.Name, name)
	}
	if _, err := readProcess(pid); err != nil {
		return fmt.Errorf("there is no process %d", pid)
	}
	ledger, err := s.Ledger(l.Name)
	if err != nil {
		return err
	}
	if ledger.Pinned == nil {
		ledger.Pinned = map[string]int{}
	}
	ledger.Pinned[name] = pid
	return s.write(ledger)
}

// Result is what a check said of one task.
type Result struct {
	Task    string  `json:"task"`
	Title   string  `json:"title"`
	Done    bool    `json:"done"`
	Before  bool    `json:"before"` // it was done before this check
	Finding Finding `json:"finding"`
}

// Check asks about the open tasks of a lab, in order, and notes those that are done. told is called for each as soon as its
// answer is there; it may be nil.
func (s *Session) Check(ctx context.Context, l *Lab, told func(Result)) ([]Result, error) {
	v, err := s.View(l)
	if err != nil {
		return nil, err
	}
	progress, err := s.Progress()
	if err != nil {
		return nil, err
	}
	record := progress.Lab(l.Name)
	var all []Result
	for i := range l.Tasks {
		t := &l.Tasks[i]
		r := Result{Task: t.Name, Title: t.Title}
		if record.Has(t.Name) {
			r.Done, r.Before, r.Finding = true, true, yes()
		} else {
			r.Finding = v.Ask(ctx, t.Check)
			if ctx.Err() != nil {
				return all, ctx.Err()
			}
			r.Done = r.Finding.OK
		}
		if r.Done && !r.Before {
			if err := s.done(l, t.Name, false); err != nil {
				return all, err
			}
		}
		all = append(all, r)
		if told != nil {
			told(r)
		}
	}
	return all, nil
}

// done notes that a task is done, and the lab where it was the last.
func (s *Session) done(l *Lab, task string, given bool) error {
	return s.change(func(p *Progress) {
		r := p.Lab(l.Name)
		d := r.Task(task)
		if d.At.IsZero() {
			d.At, d.Given = time.Now().UTC().Truncate(time.Second), given
		}
		if r.Count(l) == len(l.Tasks) && r.Passed.IsZero() {
			r.Passed = time.Now().UTC().Truncate(time.Second)
		}
	})
}

// Hint returns the next hint of a task that was not shown yet, and its number; all were shown where more is false.
func (s *Session) Hint(l *Lab, t *Task) (shown []string, more bool, err error) {
	err = s.change(func(p *Progress) {
		d := p.Lab(l.Name).Task(t.Name)
		d.Hints = min(d.Hints+1, len(t.Hints))
		shown, more = t.Hints[:d.Hints], d.Hints < len(t.Hints)
	})
	return shown, more, err
}

// Open returns the first task that is not done; nil when all are.
func (s *Session) Open(l *Lab) (*Task, error) {
	p, err := s.Progress()
	if err != nil {
		return nil, err
	}
	for i := range l.Tasks {
		if !p.Lab(l.Name).Has(l.Tasks[i].Name) {
			return &l.Tasks[i], nil
		}
	}
	return nil, nil
}

// Solved notes that the solution of a task was shown.
func (s *Session) Solved(l *Lab, t *Task) error {
	return s.change(func(p *Progress) { p.Lab(l.Name).Task(t.Name).Solved = true })
}

// Solution is a task's solution with its variables filled in, as a person would type it.
func (s *Session) Solution(ctx context.Context, l *Lab, t *Task) (string, error) {
	v, err := s.View(l)
	if err != nil {
		return "", err
	}
	return expandShell(t.Solution.For(v.version()), v.now(ctx)), nil
}

// Fill puts what variables mean now into a text of the lab: a hint, or what is said after a task. Those that mean nothing now
// stay as they are.
func (s *Session) Fill(ctx context.Context, l *Lab, text string) string {
	if v, err := s.View(l); err == nil && strings.Contains(text, "$") {
		return fillIn(text, v.now(ctx))
	}
	return text
}

// now looks up the lab's variables, processes too; of other names it knows nothing.
func (v *View) now(ctx context.Context) func(ref string) (string, bool) {
	v.assignments(ctx) // binds the processes
	fill := v.fill(ctx)
	return func(ref string) (string, bool) {
		name, _, _ := strings.Cut(ref, ".")
		def, ok := v.Lab.Var(name)
		switch {
		case !ok:
			return v.own(ref)
		case def.Output != "":
			return v.line(ctx, def)
		}
		return fill(ref)
	}
}
