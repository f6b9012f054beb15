package kernel

import (
	"fmt"
	"strings"
	"syscall"
)

// Error is an op that failed. It unwraps to the call's errno, so errors.Is(err, unix.EPERM) works.
type Error struct {
	Op     Op
	N      int           // the op's number in this run of lab, from 1
	Errno  syscall.Errno // what the kernel said; 0 when Signal ended the child there
	Signal syscall.Signal
}

// Error says what was being done and what the kernel answered.
func (e *Error) Error() string {
	doing := e.Op.Why
	if doing == "" {
		doing = e.Op.subject()
	}
	if e.Signal != 0 {
		return fmt.Sprintf("%s: the process was killed by signal %d (%s)", doing, int(e.Signal), e.Signal)
	}
	return doing + ": " + e.Errno.Error()
}

// Unwrap returns the errno, or nil where a signal ended the child.
func (e *Error) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// subject is the call's name and the paths it is about.
func (o Op) subject() string {
	words := []string{o.Call}
	for _, a := range o.Args {
		if text := a.Text(); text != "" && len(words) < 3 {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ")
}
