package kernel

import (
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The child's events, one byte each on the report pipe.
const (
	eventStop  = 'b' // about to make the call at page.at: wait for a byte
	eventDone  = 'a' // made one more call
	eventMeet  = 'm' // reached a Meet: wait for a byte
	eventAlive = 'v' // looks whether anybody hears it
)

// attend follows the child until it has executed its program, and returns what went wrong on the way.
func (f *forking) attend(c *Child) error {
	var given error // why the parent itself ends the run
	for {
		event, ok := f.hear()
		if !ok {
			break
		}
		c.meetChild()
		i := int(f.page.at)
		switch event {
		case eventAlive:
			continue
		case eventStop:
			given = f.stop(c, i)
		case eventMeet:
			given = f.ops[i].Also(c)
		case eventDone: // the child did not wait: it may be further already
			f.show(f.shown, syscall.Errno(f.page.results(f.shown).errno))
			f.shown++
			continue
		}
		if given != nil {
			break
		}
		_, _ = unix.Write(f.proceed[1], []byte{1})
	}
	c.meetChild()
	c.page = nil
	return f.verdict(c, given)
}

// hear returns the child's next event; false when the pipe is closed: executed, or dead.
func (f *forking) hear() (byte, bool) {
	var b [1]byte
	for {
		n, err := unix.Read(f.report[0], b[:])
		if err == unix.EINTR {
			continue
		}
		return b[0], n == 1 && err == nil
	}
}

// stop lets the watcher look before op i of the child, or makes the injected kill happen there.
func (f *forking) stop(c *Child, i int) error {
	n := f.first + i
	if fault.N == n && fault.Kill == "child" {
		c.kill()
	}
	return before(n, &f.ops[i])
}

func (f *forking) show(i int, errno syscall.Errno) {
	if !f.traced {
		return
	}
	r := f.page.results(i)
	took := time.Duration(max(r.end-r.start, 0)) // nobody is left to write the end of a successful execve
	after(f.first+i, &f.ops[i], Result{Value: r.value, Errno: errno, Took: took, Child: true})
}

// verdict reads the page when the pipe is closed. The page tells a child that executed (it was in an execve and nothing
// failed) from one that died half-way, which an end of file alone does not.
func (f *forking) verdict(c *Child, given error) error {
	at, failed := int(f.page.at), syscall.Errno(f.page.failed)
	if given == nil && failed == 0 && strings.HasPrefix(f.ops[at].Call, "execve") {
		f.show(at, 0)
		return nil
	}
	if given != nil {
		c.kill()
	}
	closeEnd(&f.proceed[1])
	c.giveUp()
	status, _, err := c.Wait()
	if c.between && c.PID != 0 {
		status = unix.WaitStatus(f.page.status)
	}
	_ = c.Close()
	if given != nil {
		return given
	}
	failure := &Error{Op: f.ops[at], N: f.first + at, Errno: failed}
	switch {
	case failed != 0:
		f.show(at, failed)
		failure.Errno = f.searched(at, failed)
	case err == nil && status.Signaled():
		failure.Signal = status.Signal()
	default:
		failure.Errno = unix.ECHILD
	}
	return failure
}

// kill ends the process whose list is being walked: the child, or the process between while there is none.
func (c *Child) kill() {
	if c.between && c.PID == 0 {
		_ = unix.Kill(c.ParentPID, unix.SIGKILL) // its pid is its own until it has been waited for
		return
	}
	_ = c.Signal(unix.SIGKILL)
}

// searched is execvp(3)'s rule for a program looked for in several places: a file that was there but could not be
// executed is the better answer than the last "no such file".
func (f *forking) searched(at int, errno syscall.Errno) syscall.Errno {
	for i := at - 1; i >= 0 && errno == unix.ENOENT && f.ops[i].Call == "execve" && f.ops[at].Call == "execve"; i-- {
		if syscall.Errno(f.page.results(i).errno) == unix.EACCES {
			return unix.EACCES
		}
	}
	return errno
}
