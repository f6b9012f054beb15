package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// listed is a container as a list shows it: its record, and what it comes to now.
type listed struct {
	container.State
	phase container.Status // as it is: a record that says running, of a process that has ended since, counts as exited
}

// listContainers reads the records of all containers, the youngest first. One whose record cannot be read is there as dead, with the reason in
// Error, so that it is seen and can be removed; one without a record is just being made or removed, and left out.
func listContainers(root string) ([]listed, error) {
	s := store.Open(root)
	dir, err := os.Open(s.Path("containers"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	defer dir.Close()
	owned := s.Owned() // before the records: what is not owned any more is written down by then
	ids, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	list := make([]listed, len(ids))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8, len(ids)/16+1) {
		wg.Go(func() {
			records := container.NewReader(dir)
			for i := int(next.Add(1)) - 1; i < len(ids); i = int(next.Add(1)) - 1 {
				state, err := records.State(ids[i])
				list[i] = listedAs(s, ids[i], state, err, owned[ids[i]])
			}
		})
	}
	wg.Wait()
	list = append(list, withoutDirectory(s, ids, owned)...)
	list = slices.DeleteFunc(list, func(c listed) bool { return c.ID == "" })
	slices.SortFunc(list, func(a, b listed) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

func readListed(s *store.Store, id string) listed {
	state, err := container.ReadState(s.Container(id))
	return listedAs(s, id, state, err, false)
}

func listedAs(s *store.Store, id string, state container.State, err error, owned bool) listed {
	if err == nil && state.ID != id {
		err = fmt.Errorf("its record is one of container %.12q", state.ID)
	}
	if err != nil {
		return unreadable(s, id, err)
	}
	state = awake(s, state)
	if owned {
		return listed{state, state.Status}
	}
	return listedNow(s, state)
}

// listedNow says what a record comes to: the kernel is asked where it says that something runs. A process that has just ended counts as running
// until whoever runs the container has noted how; where nobody will any more, it was killed together with its monitor.
func listedNow(s *store.Store, c container.State) listed {
	if c.Status == container.Running || c.Status == container.Paused { // the ledger first: it is there, mostly, and costs less than to ask for the process
		if _, err := os.Stat(s.Path("ledger", c.ID)); err != nil && !c.Alive() {
			c.ExitCode = 137
			return listed{c, container.Exited}
		}
	}
	return listed{c, c.Status}
}

// nameOf looks for the name that is claimed for an id.
func nameOf(s *store.Store, id string) string {
	entries, _ := os.ReadDir(s.Path("names"))
	for _, e := range entries {
		if target, err := os.Readlink(s.Path("names", e.Name())); err == nil && target == id {
			return e.Name()
		}
	}
	return ""
}

// findListed is findState for commands that only look, or remove: it finds a container whose record cannot be read too.
func findListed(root, name string) (listed, error) {
	state, err := findState(root, name)
	var broken *brokenRecord
	if errors.As(err, &broken) {
		return broken.listed, nil
	}
	if err != nil {
		return listed{}, err
	}
	return listedNow(store.Open(root), state), nil
}
