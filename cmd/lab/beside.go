package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/pkg/container"
)

// A container that may outlive the lab that starts it has a process beside it (internal/monitor/loop), which is the parent of its first
// process. This file makes what the two need: the pipes, the socket, the descriptors in their places.

// stays says whether the container needs one. With --rm, and without a terminal that one could leave and come back to, nobody will look
// for the container again: lab itself stays with it, which is quicker.
func (r *request) stays() bool { return r.detach || r.config.TTY || !r.remove || len(r.attach) > 0 }

// besides are the descriptors of a start, all of lab's own, to be closed when the container runs.
type besides struct {
	dir     *os.File
	listen  int
	self    int
	inside  [3]int // the container's ends of the pipes; -1: none
	outside [3]int
	copies  []int // out of the monitor's way
}

// besideContainer makes the pipes and the socket, and says to the container what is to be beside it.
func besideContainer(c *container.Container, dir string, lock int, o loop.Options, openStdin bool) (*besides, error) {
	if err := monitor.CheckFiles(); err != nil {
		return nil, err
	}
	b := &besides{listen: -1, self: -1, inside: [3]int{-1, -1, -1}, outside: [3]int{-1, -1, -1}}
	err := b.open(c, dir, openStdin)
	if err != nil {
		b.close()
		return nil, err
	}
	program, other, err := monitor.Program()
	if err != nil {
		b.close()
		return nil, err
	}
	keep := map[int]int{loop.LockFD: lock, loop.ListenFD: b.listen, loop.DirFD: int(b.dir.Fd())}
	for i, at := range [...]int{loop.StdinFD, loop.StdoutFD, loop.StderrFD} {
		if b.outside[i] >= 0 {
			keep[at] = b.outside[i]
		}
	}
	for at, fd := range keep {
		if keep[at], err = b.above(fd); err != nil {
			b.close()
			return nil, err
		}
	}
	c.Stdin = b.inside[0] >= 0
	c.Beside = &container.Beside{
		Streams: b.inside, Program: program, Else: other, Args: o.Args(), Env: monitorEnvironment(), Keep: keep,
		Last: loop.LastFD, ProcessAt: loop.ProcessFD, TerminalAt: loop.TerminalFD, Lab: b.self,
	}
	return b, nil
}

func (b *besides) open(c *container.Container, dir string, openStdin bool) (err error) {
	if b.dir, err = os.Open(dir); err != nil {
		return fmt.Errorf("open the container's directory: %w", err)
	}
	if b.listen, err = monitor.Listen(b.dir); err != nil {
		return err
	}
	if c.Spec.Process.Terminal {
		self, err := unix.PidfdOpen(os.Getpid(), 0)
		if err != nil {
			return fmt.Errorf("make a pidfd of lab: %w", err)
		}
		defer unix.Close(self)
		b.self, err = b.above(self)
		return err
	}
	return b.pipes(c, openStdin)
}

// pipes makes the pipes between the container's standard streams and its monitor.
func (b *besides) pipes(c *container.Container, openStdin bool) error {
	owner := hostUser(c)
	for i := range b.inside {
		if i == 0 && !openStdin {
			continue
		}
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			return fmt.Errorf("make the container's pipes: %w", err)
		}
		b.inside[i], b.outside[i] = p[1], p[0]
		if i == 0 {
			b.inside[i], b.outside[i] = p[0], p[1]
		}
		if owner != 0 { // so that it can open /dev/stdout, which is this pipe
			_ = unix.Fchown(b.inside[i], owner, -1)
		}
	}
	return nil
}

// hostUser is the container's user as the host counts.
func hostUser(c *container.Container) int {
	uid := c.Spec.Process.User.UID
	for _, m := range c.Spec.Linux.UIDMappings {
		if uid >= m.ContainerID && uid < m.ContainerID+m.Size {
			return int(m.HostID + uid - m.ContainerID)
		}
	}
	return int(uid)
}

// above moves a copy of fd out of the way of the numbers under which the monitor finds its own.
func (b *besides) above(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, loop.LastFD+1)
	if err != nil {
		return -1, fmt.Errorf("copy a descriptor for the monitor: %w", err)
	}
	b.copies = append(b.copies, n)
	return n, nil
}

// close closes lab's own: the monitor and the container have theirs by now.
func (b *besides) close() {
	if b.dir != nil {
		_ = b.dir.Close()
	}
	for _, fd := range slices.Concat([]int{b.listen}, b.inside[:], b.outside[:], b.copies) {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// monitorEnvironment is lab's own, without the test door, which is for one process. GOGC=off: the loop makes no rubbish to speak of,
// and a collector's books cost memory.
func monitorEnvironment() []string {
	env := []string{"GOGC=off"}
	for _, e := range os.Environ() {
		switch name, value, _ := strings.Cut(e, "="); name {
		case "LAB_TEST_FAULT", "GOGC", "GODEBUG":
		case "LAB_TEST_FAULT_MONITOR":
			env = append(env, "LAB_TEST_FAULT="+value)
		default:
			env = append(env, e)
		}
	}
	return env
}

func (l *launch) monitorOptions(count, delay int) loop.Options {
	lab, _ := os.Executable()
	return loop.Options{
		Lab: lab, Root: l.store.Path(), ID: l.id, Restart: l.settings.Restart.Name, Retries: l.settings.Restart.Retries,
		Count: count, Delay: delay, Terminal: l.c.Spec.Process.Terminal, Stdin: l.settings.OpenStdin && !l.c.Spec.Process.Terminal, MaxSize: l.settings.Log.MaxSize, MaxFiles: l.settings.Log.MaxFiles,
	}
}

// startBeside starts the container with a process beside it, and returns when the program runs and its record is written.
func (l *launch) startBeside() error {
	dir, fresh := l.store.Container(l.id), !l.recorded
	_ = os.Remove(filepath.Join(dir, loop.StoppedFile))
	_ = os.Remove(filepath.Join(dir, loop.RestartFile))
	b, err := besideContainer(l.c, dir, l.ledger.Lock(), l.monitorOptions(0, 0), l.settings.OpenStdin)
	if err != nil {
		return err
	}
	defer b.close()
	if l.attach { // before the container runs: none of its output is missed
		if l.conn, err = monitor.Connect(dir); err != nil {
			return err
		}
	}
	master := -1
	l.c.Terminal = func(fd int) error {
		master = fd
		unix.CloseOnExec(fd)
		monitor.CopyWindowSize(fd)
		return nil
	}
	plan, err := l.c.Plan()
	if err != nil {
		return err
	}
	child, err := container.Start(l.c, plan)
	if err != nil {
		_ = container.Finish(l.c, plan)
		return err
	}
	defer child.Close()
	if err = l.recordRun(child.PID, child.ParentPID); err == nil {
		if err = child.Release(); err != nil {
			err = fmt.Errorf("release the container's monitor: %w", err)
		}
	}
	if err != nil {
		_ = child.Close() // which ends it: nobody has released its parent
		_, _, _ = child.Wait()
		_ = container.Finish(l.c, plan)
		return err
	}
	if master >= 0 {
		child.Settled()
		_ = unix.Close(master)
	}
	l.ledger.Leave() // the monitor has the lock now
	if fresh {
		l.tell("create", nil)
	}
	l.tell("start", nil)
	return nil
}

// recordRun notes that the container's first process runs.
func (l *launch) recordRun(pid, monitor int) error {
	if !l.recorded {
		l.state.Ran(pid, monitor)
		return l.recordAll()
	}
	_, err := container.ChangeState(l.store.Container(l.id), func(now *container.State) error {
		now.Ran(pid, monitor)
		l.state = *now // with the name that it has by now
		return nil
	})
	return err
}

// recordAll writes for the first time all that says how the container was made. It needs no lock: until its record is there nobody else
// finds the container, and nobody can give it another name.
func (l *launch) recordAll() error {
	if err := l.settings.Write(l.store.Container(l.id)); err != nil {
		return err
	}
	if err := container.WriteSpec(filepath.Join(l.store.Container(l.id), "config.json"), l.c); err != nil {
		return err
	}
	l.recorded = true
	return l.state.Write(l.store.Container(l.id))
}

// errGone is what a person who is attached sees when the monitor is killed.
var errGone = errors.New("the container's monitor has gone: `lab ps -a` says what became of the container")
