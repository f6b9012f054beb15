package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// monitorCommand is what a container's monitor becomes when the container has ended. Nobody types it: it finds its descriptors, the
// ledger's lock above all, in the places that internal/monitor/loop names.
func monitorCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "monitor", Hidden: true,
		Action: func(ctx *cli.Context) error {
			args := ctx.Args()
			if args.Len() < 2 {
				return errors.New("monitor is for lab itself")
			}
			s := store.Open(ctx.String("root"))
			ledger, err := s.Adopt(args.Get(1), loop.LockFD)
			if err != nil {
				return err
			}
			if args.Get(0) == "again" {
				return startAgain(std, ctx.String("root"), args.Get(1), ledger, number(args.Get(2)), number(args.Get(3)))
			}
			return finish(s, args.Get(1), ledger)
		},
	}
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// finish puts everything in order after a container's end: its group, its record, and with --rm all of it.
func finish(s *store.Store, id string, ledger *store.Ledger) error {
	m, err := cgroup.Detect()
	if err != nil {
		ledger.Leave()
		return err
	}
	dir := s.Container(id)
	state, err := container.ReadState(dir)
	if err != nil {
		state.ID = id
	}
	group := m.Group(groupOf(state), cgroup.Limits{})
	kills, _ := group.OOM()
	killed := kills > 0
	if err := group.Delete(); err != nil {
		ledger.Leave() // the next lab command tries again
		return err
	}
	state, err = container.ChangeState(dir, func(now *container.State) error {
		conclude(now)
		now.OOMKilled = killed
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) { // somebody has removed it already
		return ledger.Undo(ran(s, m))
	}
	if err != nil && !state.Remove {
		ledger.Leave()
		return err
	}
	for _, name := range [...]string{loop.SocketFile, loop.EndFile, loop.EndFile + ".new", loop.StoppedFile, loop.RestartFile} {
		_ = os.Remove(filepath.Join(dir, name))
	}
	if killed {
		tell(s, state, "oom", nil)
	}
	tell(s, state, "die", map[string]string{"exitCode": strconv.Itoa(state.ExitCode)})
	if state.Remove {
		err := ledger.Undo(ran(s, m))
		tell(s, state, "destroy", nil)
		return err
	}
	return ledger.Done()
}

// startAgain is a restart by the container's policy. This process becomes its monitor once more, so it is the parent of the new first
// process itself.
func startAgain(std streams, root, id string, ledger *store.Ledger, count, delay int) error {
	s := store.Open(root)
	if _, err := os.Stat(filepath.Join(s.Container(id), loop.StoppedFile)); err == nil { // it came in the last moment
		_, _ = container.ChangeState(s.Container(id), func(now *container.State) error {
			now.Status = container.Exited
			return nil
		})
		return finish(s, id, ledger)
	}
	l, err := reload(std, root, id)
	if err == nil {
		l.ledger = ledger
		err = l.again(count, delay)
	}
	_, _ = container.ChangeState(s.Container(id), func(now *container.State) error {
		now.Ended(125, time.Now())
		now.Error = "start it again: " + err.Error()
		return nil
	})
	return errors.Join(err, finish(s, id, ledger))
}

// again returns only where the container could not be started.
func (l *launch) again(count, delay int) error {
	if err := l.c.Cgroup.Delete(); err != nil { // with whatever the last run left in it
		return err
	}
	if err := vacate(loop.StdinFD, loop.ProcessFD); err != nil { // nothing of the last run, and nothing of ours in these places
		return err
	}
	b := &besides{listen: -1, self: -1, inside: [3]int{-1, -1, -1}, outside: [3]int{-1, -1, -1}}
	tty := l.c.Spec.Process.Terminal
	if !tty {
		if err := b.pipes(l.c, l.settings.OpenStdin); err != nil {
			return err
		}
		for i, fd := range b.inside { // the new process inherits them
			if fd >= 0 {
				if err := unix.Dup3(fd, i, 0); err != nil {
					return fmt.Errorf("put the container's streams in place: %w", err)
				}
			}
		}
	}
	l.c.Stdin, l.c.Shut = b.inside[0] >= 0, []int{loop.LockFD}
	keep := map[int]int{}
	l.c.Terminal = func(fd int) error {
		keep[loop.TerminalFD] = fd
		return nil
	}
	plan, err := l.c.Plan()
	if err != nil {
		return err
	}
	child, err := container.Start(l.c, plan)
	_ = vacate(0, 2)
	if err != nil {
		return err
	}
	for i, at := range [...]int{loop.StdinFD, loop.StdoutFD, loop.StderrFD} {
		if b.outside[i] >= 0 {
			keep[at] = b.outside[i]
		}
	}
	keep[loop.ProcessFD] = child.PIDFD
	state, err := container.ChangeState(l.store.Container(l.id), func(now *container.State) error {
		now.Ran(child.PID, os.Getpid())
		now.Restarts = count
		return nil
	})
	if err == nil {
		tell(l.store, state, "start", nil)
		err = l.becomeMonitor(keep, l.monitorOptions(count, delay))
	}
	_ = child.Signal(unix.SIGKILL)
	_, _, _ = child.Wait()
	return err
}

// vacate puts /dev/null on these descriptors, which a descriptor opened later will then not be.
func vacate(from, to int) error {
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	for fd := from; fd <= to && err == nil; fd++ {
		if fd != null {
			err = unix.Dup3(null, fd, 0)
		}
	}
	if err != nil {
		return fmt.Errorf("make room for the container's descriptors: %w", err)
	}
	if null < from || null > to {
		_ = unix.Close(null)
	}
	return nil
}

// becomeMonitor executes the small program, which finds its descriptors in their places.
func (l *launch) becomeMonitor(keep map[int]int, o loop.Options) error {
	program, other, err := monitor.Program()
	if err != nil {
		return err
	}
	for fd := loop.LockFD; fd <= loop.LastFD; fd++ {
		if from, kept := keep[fd]; kept {
			err = unix.Dup3(from, fd, 0)
		} else {
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
		}
		if err != nil {
			return fmt.Errorf("hand a descriptor to the monitor: %w", err)
		}
	}
	err = syscall.Exec(program, o.Args(), monitorEnvironment())
	if other != "" {
		program, err = other, syscall.Exec(other, o.Args(), monitorEnvironment())
	}
	return fmt.Errorf("execute %s: %w", program, err)
}
