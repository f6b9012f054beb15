package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
)

// Cleaned is what reset has taken back, and what it has left.
type Cleaned struct {
	Lab     string   `json:"lab"`
	Removed []string `json:"removed"`
	Left    []string `json:"left"` // and why
	Kept    string   `json:"kept"` // the directory with files that the learner changed; "" for none
}

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
	out := &Cleaned{Lab: l.Name, Removed: []string{}, Left: []string{}}
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

// before lists the things that the lab declares and that are there already when it begins, as "link br-lab".
func (v *View) before(ctx context.Context) []string {
	var all []string
	note := func(kind, name string, there bool) {
		if there {
			all = append(all, kind+" "+name)
		}
	}
	d := &v.Lab.Reset
	for _, name := range d.Links {
		name = v.expand(ctx, name)
		note("link", name, linkExists(name))
	}
	for _, path := range d.Namespaces {
		path = v.path(ctx, path)
		note("namespace", path, kept(path))
	}
	mounts, _ := mountsOf(nil)
	for _, path := range d.Mounts {
		path = v.path(ctx, path)
		note("mount", path, slices.ContainsFunc(mounts, func(m mountLine) bool { return m.at == path }))
	}
	if m, err := v.groups(); err == nil {
		for _, path := range d.Cgroups {
			path = strings.Trim(v.expand(ctx, path), "/")
			note("group", path, groupExists(m, path))
		}
	}
	for _, path := range d.Files {
		path = v.path(ctx, path)
		note("file", path, exists(path))
	}
	for _, name := range append(slices.Clone(d.Containers), d.Images...) {
		name = v.expand(ctx, name)
		record, err := v.inspect(ctx, name)
		note("record", name, err == nil && record != nil)
	}
	for _, name := range d.Processes {
		if def, ok := v.Lab.Var(name); ok {
			for _, p := range v.selected(ctx, def.Process) {
				note("process", p.identity(), true)
			}
		}
	}
	return all
}

// identity tells a process from all others of this boot.
func (p *process) identity() string { return fmt.Sprintf("%d started at %d", p.PID, p.Start) }

func groupExists(m *cgroup.Machine, path string) bool {
	for i := range m.Hierarchies {
		if h := &m.Hierarchies[i]; h.Name == "" && path != "" && exists(h.Dir+h.Base+"/"+path) {
			return true
		}
	}
	return false
}

// wasThere says whether a thing is older than the lab, and if so that it is left.
func (r resetting) wasThere(kind, name, words string) bool {
	if !slices.Contains(r.ledger.Before, kind+" "+name) {
		return false
	}
	r.out.left("%s: it was there before the lab was started", words)
	return true
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
		if err := kill(p); err != nil {
			errs = append(errs, err)
			continue
		}
		r.out.removed("%s", &p)
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

func (r resetting) links(ctx context.Context) error {
	var errs []error
	for _, name := range r.lab.Reset.Links {
		name = r.v.expand(ctx, name)
		if !linkExists(name) || r.wasThere("link", name, "the network device "+name) {
			continue
		}
		if err := deleteLink(name); err != nil && !errors.Is(err, unix.ENODEV) {
			errs = append(errs, fmt.Errorf("remove the network device %s: %w", name, err))
			continue
		}
		r.out.removed("the network device %s", name)
	}
	return errors.Join(errs...)
}

func (r resetting) namespaces(ctx context.Context) error {
	var errs []error
	for _, path := range r.lab.Reset.Namespaces {
		path = r.v.path(ctx, path)
		is := kept(path)
		if !is && !exists(path) || r.wasThere("namespace", path, "the namespace kept at "+path) {
			continue
		}
		if is {
			if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
				errs = append(errs, fmt.Errorf("let go the namespace at %s: %w", path, err))
				continue
			}
		} else if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() || st.Size() > 0 {
			r.out.left("%s: no namespace is kept there, and it is not empty", path)
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("let go the namespace at %s: %w", path, err))
			continue
		}
		r.out.removed("the namespace kept at %s", path)
	}
	return errors.Join(errs...)
}

// mounts unmounts what is mounted below the work directory, the last first, and what is declared.
func (r resetting) mounts(ctx context.Context) error {
	mounts, err := mountsOf(nil)
	if err != nil {
		return fmt.Errorf("read the mounts: %w", err)
	}
	work, err := filepath.EvalSymlinks(r.ledger.Work)
	if err != nil {
		work = r.ledger.Work
	}
	var declared []string
	for _, path := range r.lab.Reset.Mounts {
		declared = append(declared, r.v.path(ctx, path))
	}
	var errs []error
	for _, m := range slices.Backward(mounts) {
		mine := slices.Contains(declared, m.at)
		if !mine && m.at != work && !strings.HasPrefix(m.at, work+"/") {
			continue
		}
		if mine && r.wasThere("mount", m.at, "what is mounted at "+m.at) {
			continue
		}
		if err := unix.Unmount(m.at, unix.UMOUNT_NOFOLLOW); errors.Is(err, unix.EBUSY) {
			err = unix.Unmount(m.at, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
			if err == nil {
				r.out.left("a process still uses %s, which was unmounted: it is gone when that one ends", m.at)
			} else {
				errs = append(errs, fmt.Errorf("unmount %s: %w", m.at, err))
				continue
			}
		} else if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", m.at, err))
			continue
		}
		r.out.removed("the mount at %s (%s)", m.at, m.kind)
	}
	return errors.Join(errs...)
}

func (r resetting) groups(ctx context.Context) error {
	m, err := r.v.groups()
	if err != nil {
		return nil // no control groups, and so none of ours
	}
	var errs []error
	for _, path := range r.lab.Reset.Cgroups {
		path = strings.Trim(r.v.expand(ctx, path), "/")
		if !groupExists(m, path) || r.wasThere("group", path, "the control group "+path) {
			continue
		}
		if err := m.Group(path, cgroup.Limits{}).Delete(); err != nil {
			errs = append(errs, err)
			continue
		}
		r.out.removed("the control group %s", path)
	}
	if r.ledger.Fence != "" && groupExists(m, r.ledger.Fence) {
		r.leave(m)
		if err := m.Group(r.ledger.Fence, cgroup.Limits{}).Delete(); err != nil {
			errs = append(errs, err)
		} else {
			r.out.removed("the fence %s", r.ledger.Fence)
			_ = m.RemoveEmpty(filepath.Dir(r.ledger.Fence))
		}
	}
	return errors.Join(errs...)
}

// leave moves terminals, and what people have started in them, out of the fence, to where they were. What is in other
// groups of the fence was put there, and ends with them.
func (r resetting) leave(m *cgroup.Machine) {
	back := map[string]string{}
	boot := r.ledger.boot() == bootID()
	for _, moved := range r.ledger.Shells {
		if boot {
			for tree, dir := range moved.From {
				back[tree] = dir
			}
		}
	}
	var named []string
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		tree := h.Dir + h.Base
		text, err := os.ReadFile(tree + "/" + r.ledger.Fence + "/shell/cgroup.procs")
		if h.Name != "" || err != nil {
			continue
		}
		to := back[tree]
		if to == "" || !exists(to) {
			to = tree
		}
		for _, word := range strings.Fields(string(text)) {
			pid, _ := strconv.Atoi(word)
			p, err := readProcess(pid)
			if err != nil || p.TTY == 0 && !slices.ContainsFunc(ancestorsUpTo(0), func(q process) bool { return q.PID == pid }) {
				continue
			}
			if os.WriteFile(to+"/cgroup.procs", []byte(word), 0) == nil && pid != os.Getpid() && !contains(named, p.String()) {
				named = append(named, p.String())
			}
		}
	}
	for _, name := range named {
		r.out.left("%s: it is of a terminal, and was put back to where it was before the fence", name)
	}
}

func (r resetting) sysctls(context.Context) error {
	var errs []error
	for _, old := range r.ledger.Sysctls {
		text, err := os.ReadFile(sysctlFile(old.Name))
		if err != nil || strings.TrimSpace(string(text)) == old.Value {
			continue
		}
		if err := os.WriteFile(sysctlFile(old.Name), []byte(old.Value), 0); err != nil {
			errs = append(errs, fmt.Errorf("set %s back to %s: %w", old.Name, old.Value, err))
			continue
		}
		r.out.removed("the new value of %s: it is %s again", old.Name, old.Value)
	}
	return errors.Join(errs...)
}

func (r resetting) files(ctx context.Context) error {
	var errs []error
	for _, path := range r.lab.Reset.Files {
		path = r.v.path(ctx, path)
		if !exists(path) || r.wasThere("file", path, path) {
			continue
		}
		if err := removeAll(path); err != nil {
			errs = append(errs, err)
			continue
		}
		r.out.removed("%s", path)
	}
	return errors.Join(errs...)
}

// work removes the work directory. Go files that the learner changed are kept aside.
func (r resetting) work(context.Context) error {
	work := r.ledger.Work
	if filepath.Dir(work) != r.s.Works || filepath.Base(work) != r.lab.Name {
		r.out.left("%s: it is not where work directories are now", work)
		return nil
	}
	if r.lab.Go() && exists(work) {
		kept, err := r.keepChanged(work)
		if err != nil {
			return err
		}
		r.out.Kept = kept
	}
	for _, dir := range []string{sideDir(work), work} {
		if !exists(dir) {
			continue
		}
		if err := removeAll(dir); err != nil {
			return err
		}
		if dir == work {
			r.out.removed("the work directory %s", dir)
		}
	}
	_ = os.Remove(r.s.Works) // where it is empty
	return nil
}

func (r resetting) keepChanged(work string) (string, error) {
	to := filepath.Join(r.s.Dir, "saved", r.lab.Name+"-"+time.Now().Format("20060102-150405"))
	kept := ""
	files, _ := filepath.Glob(filepath.Join(work, "*.go"))
	for _, file := range files {
		text, err := readWhole(file)
		if err != nil {
			continue
		}
		name := filepath.Base(file)
		same := false
		for _, dir := range [...]string{"start/", "solution/"} {
			own, err := fs.ReadFile(r.lab.Files, dir+name)
			same = same || err == nil && string(own) == text
		}
		if same {
			continue
		}
		if err := r.s.mkdir(to); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o644); err != nil {
			return "", fmt.Errorf("keep %s: %w", file, err)
		}
		_ = r.s.give(filepath.Join(to, name))
		kept = to
	}
	return kept, nil
}

// removeAll removes a directory, unless something is mounted in it still: then what is below belongs to another.
func removeAll(path string) error {
	mounts, err := mountsOf(nil)
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	for _, m := range mounts {
		if m.at == real || strings.HasPrefix(m.at, real+"/") {
			return fmt.Errorf("remove %s: something is still mounted at %s", path, m.at)
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
