package ns

import (
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Run runs the program to its end and returns its exit status: 128+n where signal n ended it.
//
// While it runs, what the terminal sends to both (SIGINT, SIGQUIT) does not end the caller, and a SIGTERM or SIGHUP
// for the caller is passed on. Errors are those of [Unshare.Start].
func (u Unshare) Run() (status int, err error) {
	child, err := u.Start()
	if err != nil {
		return -1, err
	}
	defer child.Close()
	return wait(child)
}

// Run runs the program to its end and returns its exit status: 128+n where signal n ended it. Signals are treated
// as [Unshare.Run] does. Errors are those of [Enter.Start].
func (e Enter) Run() (status int, err error) {
	child, err := e.Start()
	if err != nil {
		return -1, err
	}
	defer child.Close()
	return wait(child)
}

func wait(child *kernel.Child) (int, error) {
	if child.PIDFD < 0 {
		return 0, nil // a dry run: nobody to wait for
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP)
	defer signal.Stop(signals)
	done := make(chan struct{})
	defer close(done)
	go passOn(child.PIDFD, signals, done)
	status, _, err := child.Wait()
	if err != nil {
		return -1, fmt.Errorf("wait for process %d: %w", child.PID, err)
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}

func passOn(pidfd int, signals <-chan os.Signal, done <-chan struct{}) {
	for {
		select {
		case s := <-signals:
			if s == unix.SIGTERM || s == unix.SIGHUP {
				_ = unix.PidfdSendSignal(pidfd, s.(unix.Signal), nil, 0)
			}
		case <-done:
			return
		}
	}
}
