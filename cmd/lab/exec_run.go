package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// executing is one `lab exec`, from the name of a container to an exit status.
type executing struct {
	std     streams
	request *execRequest

	state    container.State
	exec     container.Exec
	terminal execTerminal
	asked    bool // the container is there and runs: from here on errors are about the program
}

func (e *executing) run() (int, error) {
	if unix.Geteuid() != 0 {
		return 0, errNotRoot
	}
	var err error
	if e.state, err = findState(e.request.root, e.request.container); err != nil {
		return 0, err
	}
	if err := mayExec(e.state); err != nil {
		return 0, err
	}
	process, err := openProcess(e.state)
	if err != nil {
		return 0, err
	}
	defer unix.Close(process)
	code, err := e.into(process)
	if _, said := err.(*exit); err != nil && !said && ends(process, err) { // whatever it was that could not be done any more
		err = container.ErrEnded
	}
	return code, err
}

// ends says whether a process has ended, or does now: a container's first process waits for all the others, which have been killed
// then. An error of the program itself is not worth the wait.
func ends(process int, why error) bool {
	wait := 100
	if _, known := execStatus(why); known {
		wait = 0
	}
	fds := []unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, wait)
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// into runs the program in the container of a process.
func (e *executing) into(process int) (int, error) {
	e.asked = true
	e.exec = container.Exec{PID: e.state.PID, PIDFD: process, Null: -1}
	defer func() {
		if e.exec.Null >= 0 {
			_ = unix.Close(e.exec.Null)
		}
	}()
	if err := e.configure(); err != nil {
		return 0, err
	}
	plan, err := e.exec.Plan()
	if err != nil {
		return 0, err
	}
	return e.start(plan)
}

// mayExec refuses what would wait for ever, in Docker's words.
func mayExec(s container.State) error {
	switch s.Status {
	case container.Paused:
		return fmt.Errorf("container %s is paused, unpause the container before exec", s.Name)
	case container.Restarting:
		return fmt.Errorf("container %s is restarting, wait until the container is running", s.Name)
	}
	return nil
}

// configure finds out what the container's processes have.
func (e *executing) configure() error {
	r := e.request
	first, err := container.ReadFirst(store.Open(r.root).Container(e.state.ID))
	if err != nil {
		return err
	}
	if err := e.inside(&first); err != nil {
		return err
	}
	if e.exec.Namespaces, err = container.Differing(e.exec.PID); err != nil {
		return err
	}
	machine, err := cgroup.Detect()
	if err != nil {
		return err
	}
	e.exec.Cgroup, err = machine.Open(groupOf(e.state))
	if errors.Is(err, os.ErrNotExist) && machine.Mode == cgroup.None {
		e.exec.Cgroup, err = nil, nil
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", container.ErrEnded, err)
	}
	e.exec.Process = container.ExecProcess(first.Process, r.options)
	e.exec.Filter, e.exec.FilterFlags = []byte(first.Filter.Code), first.Filter.Flags
	e.exec.Stdin, e.exec.Detached, e.exec.Attached = r.stdin, r.detach && !r.tty, !r.detach && !r.tty
	e.terminal = execTerminal{in: e.std.in, out: e.std.out, escape: monitor.Escape{Keys: r.keys}}
	e.exec.Terminal = e.terminal.take
	return nil
}

// inside looks for what only the container's own files tell.
func (e *executing) inside(first *container.First) error {
	r := e.request
	needNull := !r.tty && (r.detach || !r.stdin)
	if r.user == "" && !needNull {
		return nil
	}
	root, err := container.OpenRoot(e.exec.PID, e.exec.PIDFD)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	if needNull {
		if e.exec.Null, err = container.OpenNull(root); err != nil {
			return err
		}
	}
	if r.user != "" {
		return r.who(root, first)
	}
	return nil
}

func (e *executing) start(plan []kernel.Op) (int, error) {
	signals := make(chan os.Signal, 64)
	defer signal.Stop(signals)
	defer e.terminal.restore()
	tell := e.events()
	tell.started()
	child, err := e.exec.Start(plan)
	if err != nil {
		tell.ended(e.failed(err).(*exit).code)
		return 0, err
	}
	if child.PIDFD < 0 {
		return 0, nil
	}
	defer child.Close()
	if e.request.detach {
		return 0, e.terminal.abandon()
	}
	if e.request.tty {
		signal.Notify(signals, execSignals...) // before the terminal changes: whatever comes, it is put back
		e.terminal.join(e.request.stdin)
	} else {
		go signal.Notify(signals, execSignals...)
	}
	go e.pass(signals, child)
	code, left, err := e.wait(child)
	if left {
		tell.left()
		if err == nil {
			err = &exit{code: 1, err: errors.New("read escape sequence")}
		}
		return 0, err
	}
	if err == nil {
		tell.ended(code)
	}
	return code, err
}

// execSignals are passed on to the program. SIGTSTP is not: lab itself stops, and the shell gets its prompt.
var execSignals = []os.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGWINCH}

func (e *executing) pass(signals <-chan os.Signal, child *kernel.Child) {
	for s := range signals {
		sig, known := s.(unix.Signal)
		if known && sig == unix.SIGWINCH {
			e.terminal.resize()
		} else if known {
			_ = child.Signal(sig)
		}
	}
}

// wait returns the program's exit status, or leaves it alone when the person at the terminal typed the detach keys.
func (e *executing) wait(child *kernel.Child) (code int, left bool, err error) {
	if e.request.tty && e.request.stdin && e.terminal.leaves(child.PIDFD) {
		e.terminal.restore()
		return 0, true, e.terminal.abandon()
	}
	status, _, err := child.Wait()
	e.terminal.drain()
	if err != nil {
		return 0, false, fmt.Errorf("wait for the program: %w", err)
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), false, nil
	}
	return status.ExitStatus(), false, nil
}

// failed gives an error its exit status: 1 where it is about the container, 126 and 127 where about the program.
func (e *executing) failed(err error) error {
	if _, ok := err.(*exit); ok {
		return err
	}
	switch code, known := execStatus(err); {
	case errors.Is(err, container.ErrEnded):
		return &exit{code: 1, err: fmt.Errorf("container %s is not running", e.state.Name)}
	case !e.asked:
		return &exit{code: 1, err: err}
	case known:
		return &exit{code: code, err: fmt.Errorf("exec: %w", execSentence(err))}
	}
	return &exit{code: 126, err: fmt.Errorf("exec: %w", err)}
}
