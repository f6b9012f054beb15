package monitor

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal joins the person's terminal to the master side of the container's.
type terminal struct {
	mu     sync.Mutex
	master *os.File
	before *term.State   // the person's terminal as it was; nil: not changed
	done   chan struct{} // closed when the container's output has been copied to its end
}

// take takes the master over, while the container's process waits. The size is set before the program starts, so that it is
// right from its first line.
func (t *terminal) take(fd int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	t.master = os.NewFile(uintptr(fd), "the container's terminal")
	t.copySize()
	return nil
}

// join connects the two terminals when the program runs; what it printed until then waits in its terminal. Not earlier: --step
// reads Enter from a terminal that is not raw yet.
func (t *terminal) join() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.master == nil {
		return
	}
	if term.IsTerminal(0) {
		if state, err := term.MakeRaw(0); err == nil {
			t.before = state
		}
	}
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		if _, err := io.Copy(os.Stdout, t.master); err != nil { // EIO when the last process has closed the other side
			_, _ = io.Copy(io.Discard, t.master) // or our output is broken: the program must not wait for it
		}
	}()
	go func() { _, _ = io.Copy(t.master, os.Stdin) }()
}

// resize follows the person's window.
func (t *terminal) resize() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.master != nil {
		t.copySize()
	}
}

func (t *terminal) copySize() {
	size, err := windowSize()
	if err != nil {
		return
	}
	raw, err := t.master.SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size) })
	}
}

// drain waits until everything that the container wrote has been printed.
func (t *terminal) drain() {
	if t.done != nil {
		<-t.done
	}
}

// restore gives the person's terminal back as it was. It can be called twice.
func (t *terminal) restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before != nil {
		_ = term.Restore(0, t.before)
		t.before = nil
	}
}
