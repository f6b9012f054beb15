package kernel

import (
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// Foreground waits for the child's end and returns its exit status: 128+n where signal n ended it. The child of a dry run ends with 0.
//
// While it waits, what the terminal sends to both (SIGINT, SIGQUIT) does not end the caller, and a SIGTERM or SIGHUP
// for the caller is passed on. Call it or [Child.Wait], once.
func (c *Child) Foreground() (status int, err error) {
	if c.PIDFD < 0 {
		return 0, nil
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP)
	defer signal.Stop(signals)
	done := make(chan struct{})
	defer close(done)
	go passOn(c.PIDFD, signals, done)
	ended, _, err := c.Wait()
	if err != nil {
		return -1, fmt.Errorf("wait for process %d: %w", c.PID, err)
	}
	if ended.Signaled() {
		return 128 + int(ended.Signal()), nil
	}
	return ended.ExitStatus(), nil
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
