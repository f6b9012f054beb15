package monitor

import (
	"fmt"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/container"
)

// Run is a container in the foreground, without a terminal of its own, that is removed when it has ended: nobody can leave it and come
// back, so it needs no process beside it.
type Run struct {
	Container *container.Container

	// Started is called once, while the program already runs: the place for work that need not delay it. ended is closed
	// when the program has ended.
	Started func(pid int, ended <-chan struct{})

	// Warn prints a sentence to the person at the terminal.
	Warn func(format string, args ...any)
}

// Exit is how a container ended.
type Exit struct {
	Ran    bool // the program was started; if not, all else is zero
	Code   int  // the program's own status; 128+n when signal n ended it
	Signal unix.Signal
}

// Do starts the container, stays with it until it has ended, and undoes what was made in the kernel. An error with
// Exit.Ran set is about the undoing: the program has run, and its exit status is known. Call it on the main thread, locked: the
// container dies with the thread that started it.
func (r *Run) Do() (Exit, error) {
	plan, err := r.Container.Plan()
	if err != nil {
		return Exit{}, err
	}
	signals := make(chan os.Signal, 64)
	defer signal.Stop(signals)

	child, err := container.Start(r.Container, plan)
	if err != nil {
		_ = container.Finish(r.Container, plan)
		return Exit{}, err
	}
	var beside sync.WaitGroup
	ended := make(chan struct{})
	beside.Go(func() {
		signal.Notify(signals, forwarded...) // costs a thread switch a signal, so the program starts meanwhile
		go r.pass(signals, child)
		if r.Started != nil {
			r.Started(child.PID, ended)
		}
	})
	exit, err := r.wait(child)
	close(ended)
	if finish := container.Finish(r.Container, plan); err == nil {
		err = finish
	}
	beside.Wait()
	return exit, err
}

func (r *Run) wait(child *kernel.Child) (Exit, error) {
	status, _, err := child.Wait()
	if err != nil {
		return Exit{Ran: true}, fmt.Errorf("wait for the container: %w", err)
	}
	if status.Signaled() {
		return Exit{Ran: true, Code: 128 + int(status.Signal()), Signal: status.Signal()}, nil
	}
	return Exit{Ran: true, Code: status.ExitStatus()}, nil
}

// forwarded are the signals that people and programs send to each other. Until lab listens to them they end it, and the
// container with it.
var forwarded = []os.Signal{
	unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGCONT, unix.SIGTSTP, unix.SIGWINCH,
}

// pass forwards signals to the container's first process.
func (r *Run) pass(signals <-chan os.Signal, child *kernel.Child) {
	count := interrupts{}
	for s := range signals {
		sig, ok := s.(unix.Signal)
		if !ok || sig == unix.SIGWINCH { // the window is not the container's
			continue
		}
		if count.third(sig) {
			r.Warn("asked three times to stop: killing the container")
			sig = unix.SIGKILL
		}
		_ = child.Signal(sig)
	}
}
