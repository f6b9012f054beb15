package cgroup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// killPatience is how long Kill and Delete wait for killed processes to be gone.
const killPatience = 10 * time.Second

// Kill sends sig to all members, those in groups below included. With SIGKILL it returns when none is left, also
// when they fork as fast as they can; a frozen group is thawed. Other signals are sent once to whoever is there now.
// A group that does not exist has no members: no error.
//
// Kernel: v2 cgroup.kill (since 5.14), which no fork escapes. Without it, and for members that are in the group
// in a v1 tree only: freeze, read cgroup.procs, pidfd_send_signal(2) to each, thaw, and again until it is empty.
// A signal cannot hit a stranger that has got a dead member's id. Errors: [ErrInside], [ErrStillThere].
func (g *Group) Kill(sig unix.Signal) error {
	pids, err := g.Procs()
	if errors.Is(err, os.ErrNotExist) || (err == nil && len(pids) == 0) {
		return nil
	}
	if err == nil {
		err = notAmong(pids)
	}
	if err == nil && sig == unix.SIGKILL {
		err = g.killAll()
	} else if err == nil {
		err = g.signal(pids, sig)
	}
	if err != nil {
		return fmt.Errorf("kill group %s: %w", g.Path, err)
	}
	return nil
}

// killAll ends every member and waits until it is gone.
func (g *Group) killAll() error {
	atOnce := g.killFile()
	end := time.Now().Add(killPatience)
	for wait := time.Duration(0); ; wait = longer(wait) {
		pids, err := g.Procs()
		if errors.Is(err, os.ErrNotExist) || (err == nil && len(pids) == 0) {
			return nil
		}
		if err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %v", ErrStillThere, pids)
		}
		if !atOnce || wait > time.Millisecond {
			if err := g.killRound(); err != nil {
				return err
			}
		}
		time.Sleep(wait)
	}
}

// killFile uses cgroup.kill; false when there is none.
func (g *Group) killFile() bool {
	s := g.v2()
	if s == nil {
		return false
	}
	if err := write(s.dir+"/cgroup.kill", "1"); err != nil {
		return false
	}
	if f := g.in("freezer"); f != nil && f.tree.Version == 1 {
		_ = g.Thaw() // who is frozen by v1 does not even die
	}
	return true
}

// killRound kills the members of this moment. Frozen, they can neither fork nor exit meanwhile; a member that will
// not freeze, being in the kernel, does not fork either.
func (g *Group) killRound() error {
	freezer := g.in("freezer") != nil
	if freezer {
		_ = g.setFrozen(true)
		defer func() { _ = g.Thaw() }()
	}
	pids, err := g.Procs()
	if err != nil {
		return ignoreGone(err)
	}
	if err := notAmong(pids); err != nil {
		return err
	}
	return g.signal(pids, unix.SIGKILL)
}

// signal sends sig to those of pids that are still members: each is first held by a pidfd, then looked for in the group once
// more, so that the id cannot have gone to a stranger.
func (g *Group) signal(pids []int, sig unix.Signal) error {
	const batch = 256 // descriptors at a time
	for part := range slices.Chunk(pids, batch) {
		if err := g.signalBatch(part, sig); err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) signalBatch(pids []int, sig unix.Signal) error {
	held := make(map[int]int, len(pids))
	defer func() {
		for _, fd := range held {
			_ = unix.Close(fd)
		}
	}()
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == unix.ESRCH {
			continue
		}
		if err != nil {
			return fmt.Errorf("open process %d: %w", pid, err)
		}
		held[pid] = fd
	}
	members, err := g.Procs()
	if err != nil {
		return ignoreGone(err)
	}
	for _, pid := range members {
		if fd, ok := held[pid]; ok {
			op := kernel.PidfdSignal(kernel.FD(fd), sig).Ignoring(unix.ESRCH).For("signal process " + itoa(int64(pid)))
			if _, err := kernel.Do(op); err != nil {
				return err
			}
		}
	}
	return nil
}

func notAmong(pids []int) error {
	if _, ok := slices.BinarySearch(pids, os.Getpid()); ok {
		return ErrInside
	}
	return nil
}
