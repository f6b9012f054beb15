package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

// A container's ledger ends in one of three ways: its lab died, and whoever comes next uses [doers]; the program never ran, and
// nothing of it is to stay ([neverRan]); or it ran, and the groups are gone already ([ran]).

func neverRan(s *store.Store, m *cgroup.Machine) map[string]store.Doer {
	all := doers(s, m)
	all["settle"], all["unclaim"], all["beside"] = all["container"], all["name"], nothing
	return all
}

func ran(s *store.Store, m *cgroup.Machine) map[string]store.Doer {
	all := doers(s, m)
	all["cgroup"], all["beside"] = nothing, nothing
	return all
}

func nothing(string) error { return nil }

// doers are the ways to take back what the ledger names.
func doers(s *store.Store, m *cgroup.Machine) map[string]store.Doer {
	return map[string]store.Doer{
		"cgroup":     func(path string) error { return deleteGroup(m, path) },
		"container":  func(dir string) error { return removeBundle(s, dir) },
		"layers":     nothing, // only says that they are in use
		"beside":     livesOn,
		"name":       s.ReleaseAny,
		"unclaim":    func(arg string) error { return releaseUnlessKept(s, arg) },
		"settle":     func(dir string) error { return settleDead(s, dir) },
		"unfinished": removeUnfinished,
		"hole":       removeHole,
		"trial":      removeTrial,
	}
}

func deleteGroup(m *cgroup.Machine, path string) error {
	if m == nil {
		var err error
		if m, err = cgroup.Detect(); err != nil {
			return err
		}
	}
	return m.Group(path, cgroup.Limits{}).Delete()
}

// livesOn is asked first about a container whose monitor died: while its first process runs, it is left alone. The record says so, and
// whoever sees it first tells.
func livesOn(dir string) error {
	state, err := container.ReadState(dir)
	if err != nil || !state.Alive() {
		return nil
	}
	if state.Error == "" {
		_, _ = container.ChangeState(dir, func(s *container.State) error {
			s.Error = lostMonitor
			return nil
		})
		fmt.Fprintf(os.Stderr, "lab: container %s has lost its monitor, which was killed: it runs on, without a log, and how it ends will not be known\n", state.Name)
		fmt.Fprintf(os.Stderr, "lab: hint: lab restart %s\n", state.Name)
	}
	return store.ErrStays
}

const lostMonitor = "its monitor was killed; it runs on without a log"

// removeBundle removes a container's directory. One that wrote nothing has an empty layer and four empty directories, which are
// removed by name; all else is searched.
func removeBundle(s *store.Store, dir string) error {
	if err := s.Inside(dir); err != nil {
		return err
	}
	if state, err := container.ReadState(dir); err == nil && state.Name != "" {
		defer func() { _ = s.Release(state.Name, state.ID) }() // the name that it has now, which may not be its first
	}
	_ = unionfs.ForgetVolatile(dir + "/work")
	for _, name := range [...]string{"/work/work", "/work", "/upper", ""} {
		if unix.Rmdir(dir+name) != nil {
			return s.Remove(dir)
		}
	}
	return nil
}

// settleDead ends the record of a container whose lab was killed. The kernel ended its first process with it, and deleting the
// group, which comes before this, the others. One that was never recorded is removed.
func settleDead(s *store.Store, dir string) error {
	_, err := container.ReadState(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s.Remove(dir)
	}
	if err != nil {
		return nil // a record that cannot be read is shown as dead, and waits for rm -f
	}
	_, err = container.ChangeState(dir, func(now *container.State) error {
		conclude(now)
		return nil
	})
	return err
}

// conclude ends a record whose container has no process any more, where nobody has written how it ended.
func conclude(s *container.State) {
	switch {
	case s.Status == container.Exited || s.Status == container.Created || s.Status == container.Dead:
	case s.Status == container.Restarting:
		s.Status, s.Error = container.Exited, "its monitor was killed before it could start the container again"
	case s.Monitor != 0:
		s.Ended(255, time.Now())
		s.Error = "its monitor was killed, and nobody saw how the container ended"
	default:
		s.Ended(137, time.Now())
		s.Error = "lab was killed while the container ran, and the container with it"
	}
}

// releaseUnlessKept gives up the name "NAME ID" of a container that left no record; one that did keeps its name until it is
// removed.
func releaseUnlessKept(s *store.Store, arg string) error {
	_, id, _ := strings.Cut(arg, " ")
	if _, err := container.ReadState(s.Container(id)); err == nil {
		return nil
	}
	return s.ReleaseAny(arg)
}

// sweep finishes the undoing of dead labs, before a command that looks at containers.
func sweep(root string) error {
	s := store.Open(root)
	_, err := s.Sweep(doers(s, nil))
	if errors.Is(err, fs.ErrPermission) && unix.Geteuid() != 0 {
		return nil // that is for root to do; the command itself says what it may not
	}
	return err
}
