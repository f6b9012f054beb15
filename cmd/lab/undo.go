package main

import (
	"errors"
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
	all["settle"], all["unclaim"] = all["container"], all["name"]
	return all
}

func ran(s *store.Store, m *cgroup.Machine) map[string]store.Doer {
	all := doers(s, m)
	all["cgroup"] = func(string) error { return nil }
	return all
}

// doers are the ways to take back what the ledger names.
func doers(s *store.Store, m *cgroup.Machine) map[string]store.Doer {
	return map[string]store.Doer{
		"cgroup":     func(path string) error { return m.Group(path, cgroup.Limits{}).Delete() },
		"container":  func(dir string) error { return removeBundle(s, dir) },
		"layers":     func(string) error { return nil }, // only says that they are in use
		"name":       s.ReleaseAny,
		"unclaim":    func(arg string) error { return releaseUnlessKept(s, arg) },
		"settle":     func(dir string) error { return settleDead(s, dir) },
		"unfinished": removeUnfinished,
		"hole":       removeHole,
	}
}

// removeBundle removes a container's directory. One that wrote nothing has an empty layer and four empty directories, which are
// removed by name; all else is searched.
func removeBundle(s *store.Store, dir string) error {
	if err := s.Inside(dir); err != nil {
		return err
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
	state, err := container.ReadState(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s.Remove(dir)
	}
	if err != nil {
		return err
	}
	if state.Status == container.Exited {
		return nil
	}
	state.Ended(137, time.Now())
	state.Error = "lab was killed while the container ran, and the container with it"
	return state.Write(dir)
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
	if entries, err := os.ReadDir(s.Path("ledger")); err != nil || len(entries) == 0 {
		return nil
	}
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	_, err = s.Sweep(doers(s, m))
	return err
}
