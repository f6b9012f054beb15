package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

func pauseCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "pause", Usage: "stop all processes of containers where they are", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: `The cgroup freezer stops them: unlike with a signal they cannot notice, and what they have stays open.

EXAMPLE:
   lab pause web`,
		Action: func(ctx *cli.Context) error {
			return eachContainer(ctx, std, func(s container.State) error { return pauseContainer(ctx.String("root"), s, false) })
		},
	}
}

func unpauseCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "unpause", Usage: "let paused containers go on", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: "EXAMPLE:\n   lab unpause web",
		Action: func(ctx *cli.Context) error {
			return eachContainer(ctx, std, func(s container.State) error { return unpauseContainer(ctx.String("root"), s) })
		},
	}
}

// pauseContainer freezes a container and says so in the record: whoever reads that it is paused can rely on it. Before that the record
// says who is about to freeze: should this process be killed half-way, the next lab command thaws. Where hold is true this process stays
// in the record, and the container paused only for as long as it lives.
func pauseContainer(root string, s container.State, hold bool) error {
	process, err := openProcess(s)
	if err != nil {
		return err
	}
	defer unix.Close(process)
	group, done, err := holdFreezer(s)
	if err != nil {
		return err
	}
	defer done()
	dir, me := store.Open(root).Container(s.ID), container.Myself()
	if err := changePause(dir, mayPause, container.Running, me); err != nil {
		return notThere(err, s)
	}
	if err = group.Freeze(); err == nil {
		holder := me
		if !hold {
			holder = nil
		}
		err = changePause(dir, stillFreezes(me), container.Paused, holder)
	}
	// A kill that came before the record said "paused" did not thaw, and what is frozen does not die.
	if err != nil || toldToDie(s.PID) {
		_ = group.Thaw()
	}
	if err != nil {
		_ = changePause(dir, stillHeldBy(me), container.Running, nil)
		return notThere(err, s)
	}
	note(root, s, "pause")
	return nil
}

// changePause changes the record of a container that runs, where may has nothing against it.
func changePause(dir string, may func(container.State) error, to container.Status, holder *container.Holder) error {
	_, err := container.ChangeState(dir, func(now *container.State) error {
		if err := may(*now); err != nil {
			return err
		}
		now.Status, now.Holder = to, holder
		return nil
	})
	return err
}

func stillHeldBy(who *container.Holder) func(container.State) error {
	return func(s container.State) error {
		if !s.Alive() || !s.Holder.Is(who) {
			return fmt.Errorf("container %s is not held any more", s.Name)
		}
		return nil
	}
}

// stillFreezes is mayPause after the freezing: what was frozen may have ended, and its policy have started the next, which is not.
func stillFreezes(who *container.Holder) func(container.State) error {
	return func(s container.State) error {
		if err := mayPause(s); err != nil {
			return err
		}
		return stillHeldBy(who)(s)
	}
}

func mayPause(s container.State) error {
	switch {
	case s.Status == container.Paused && s.Alive():
		return fmt.Errorf("container %s is already paused", s.Name)
	case s.Status == container.Restarting:
		return fmt.Errorf("container %s is restarting, wait until the container is running", s.Name)
	case !s.Alive():
		return fmt.Errorf("container %s is not running", s.Name)
	}
	return nil
}

// unpauseContainer says in the record what it is about to do, as pauseContainer does.
func unpauseContainer(root string, s container.State) error { return unpauseWhere(root, s, mayUnpause) }

func unpauseWhere(root string, s container.State, may func(container.State) error) error {
	if err := may(s); err != nil {
		return err
	}
	group, done, err := holdFreezer(s)
	if err != nil {
		return err
	}
	defer done()
	dir, me := store.Open(root).Container(s.ID), container.Myself()
	if err := changePause(dir, may, container.Running, me); err != nil {
		return notThere(err, s)
	}
	if err := group.Thaw(); err != nil {
		_ = changePause(dir, stillHeldBy(me), container.Paused, nil)
		return err
	}
	_ = changePause(dir, stillHeldBy(me), container.Running, nil) // it may have ended
	note(root, s, "unpause")
	return nil
}

func mayUnpause(s container.State) error {
	if !s.Alive() || s.Status != container.Paused {
		return fmt.Errorf("container %s is not paused", s.Name)
	}
	return nil
}

// awake thaws a container that a lab command held still and that has been killed, and returns what its record says then.
func awake(s *store.Store, state container.State) container.State {
	if !state.Holder.Gone() || !state.Alive() {
		return state
	}
	group, done, err := holdFreezer(state)
	if err != nil {
		return state
	}
	defer done()
	dir := s.Container(state.ID)
	still := stillHeldBy(state.Holder) // nobody else was quicker
	if now, err := container.ReadState(dir); err != nil || still(now) != nil {
		if err == nil {
			state = now
		}
		return state
	}
	if group.Thaw() != nil || changePause(dir, still, container.Running, nil) != nil {
		return state
	}
	if state.Status == container.Paused {
		fmt.Fprintf(os.Stderr, "lab: container %s was paused by a lab command that has been killed: it runs again\n", state.Name)
	}
	if now, err := container.ReadState(dir); err == nil {
		state = now
	}
	return state
}

// holdFreezer opens the container's group, with a lock on its directory in the freezer's tree: of a pause and an unpause at the same
// time one waits for the other, or the record and the group could say different things in the end. Nobody else takes this lock.
func holdFreezer(s container.State) (group *cgroup.Group, done func(), err error) {
	machine, err := cgroup.Detect()
	if err != nil {
		return nil, nil, err
	}
	group, err = machine.Open(groupOf(s))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("container %s is not running", s.Name)
	}
	if err != nil {
		return nil, nil, err
	}
	dir := group.DirOf("freezer")
	if dir == "" {
		return nil, nil, &cgroup.MissingController{Name: "freezer", Mode: machine.Mode}
	}
	lock, err := lockDirectory(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("hold the freezer of container %s: %w", s.Name, err)
	}
	return group, func() { _ = lock.Close() }, nil
}

// lockDirectory takes the lock on a directory or file (flock(2)), and waits for it.
func lockDirectory(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			_ = file.Close()
			return nil, err
		}
		return file, nil
	}
}

// toldToDie says whether a SIGKILL waits for a process that cannot die while it is frozen: bit 8 of SigPnd in proc_pid_status(5).
func toldToDie(pid int) bool {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		for _, name := range [...]string{"SigPnd:", "ShdPnd:"} {
			if bits, found := strings.CutPrefix(line, name); found {
				if n, err := strconv.ParseUint(strings.TrimSpace(bits), 16, 64); err == nil && n&(1<<(unix.SIGKILL-1)) != 0 {
					return true
				}
			}
		}
	}
	return false
}

// notThere says about a record that has gone that the container has.
func notThere(err error, s container.State) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", errNoContainer, s.Name)
	}
	return err
}
