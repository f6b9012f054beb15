package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/monitor"
)

// execTerminal joins the person's terminal to the master side of the program's.
type execTerminal struct {
	in, out *os.File
	escape  monitor.Escape

	mu     sync.Mutex
	master *os.File
	before *term.State   // the person's terminal as it was; nil: not changed
	done   chan struct{} // closed when the program's output has been copied to its end
	left   [2]int        // a pipe: closed at its writing end when the detach keys came
}

// take takes the master over, while the program's process waits. The size is set before the program starts.
func (t *execTerminal) take(fd int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	t.master = os.NewFile(uintptr(fd), "the program's terminal")
	t.copySize()
	return nil
}

// join connects the two when the program runs.
func (t *execTerminal) join(input bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.master == nil {
		return
	}
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		if _, err := io.Copy(t.out, t.master); err != nil { // EIO when the last process has closed the other side
			_, _ = io.Copy(io.Discard, t.master) // or our output is broken: the program must not wait for it
		}
	}()
	t.left = [2]int{-1, -1}
	if !input {
		return
	}
	if term.IsTerminal(int(t.in.Fd())) {
		if state, err := term.MakeRaw(int(t.in.Fd())); err == nil {
			t.before = state
		}
	}
	if unix.Pipe2(t.left[:], unix.O_CLOEXEC) != nil {
		t.left = [2]int{-1, -1}
	}
	go t.typing()
}

// typing copies what the person types, until the detach keys come.
func (t *execTerminal) typing() {
	buf := make([]byte, 4096)
	for {
		n, err := t.in.Read(buf)
		text, leave := t.escape.Pass(buf[:n])
		if len(text) > 0 {
			if _, err := t.master.Write(text); err != nil {
				return
			}
		}
		if leave && t.left[1] >= 0 {
			_ = unix.Close(t.left[1])
			return
		}
		if err != nil {
			return
		}
	}
}

// leaves waits for the end of the program or for the detach keys, and says whether it was these.
func (t *execTerminal) leaves(process int) bool {
	if t.left[0] < 0 {
		return false
	}
	for {
		fds := []unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}, {Fd: int32(t.left[0]), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err == unix.EINTR {
			continue
		}
		return fds[0].Revents == 0 && fds[1].Revents != 0
	}
}

// abandon lets a program live on with a terminal that nobody looks at. As long as somebody has the master side open it is not hung
// up, and as long as somebody reads, the program does not wait: that is a `cat > /dev/null`, which ends with the program.
func (t *execTerminal) abandon() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.master == nil {
		return nil
	}
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("leave the program's terminal: %w", err)
	}
	defer null.Close()
	_ = t.master.SetDeadline(time.Now()) // ends our own copying
	master, err := unix.FcntlInt(t.masterFD(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("leave the program's terminal: %w", err)
	}
	defer unix.Close(master)
	_ = unix.SetNonblock(master, false)
	ops := []kernel.Op{kernel.Setsid().For("stay beside the program when lab has gone")}
	for fd, from := range [...]int{master, int(null.Fd()), int(null.Fd())} {
		ops = append(ops, kernel.Dup3(kernel.FD(from), fd).For("read what the program prints, for nobody"))
	}
	ops = append(ops, kernel.CloseRange(3, unix.CLOSE_RANGE_CLOEXEC), kernel.Execve("/proc/self/exe", []string{"lab-box", "cat"}, nil).For("be a cat"))
	child, err := kernel.Fork(kernel.Start{Ops: ops})
	if err != nil {
		return fmt.Errorf("leave the program's terminal: %w", err)
	}
	return child.Close()
}

func (t *execTerminal) resize() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.master != nil {
		t.copySize()
	}
}

func (t *execTerminal) copySize() {
	size, err := unix.IoctlGetWinsize(int(t.in.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		if size, err = unix.IoctlGetWinsize(int(t.out.Fd()), unix.TIOCGWINSZ); err != nil {
			return
		}
	}
	_ = unix.IoctlSetWinsize(int(t.masterFD()), unix.TIOCSWINSZ, size)
}

// masterFD is the descriptor as it is: File.Fd would make it wait in reads that cannot be ended.
func (t *execTerminal) masterFD() (fd uintptr) {
	if raw, err := t.master.SyscallConn(); err == nil {
		_ = raw.Control(func(n uintptr) { fd = n })
	}
	return fd
}

// drain waits until everything that the program wrote has been printed.
func (t *execTerminal) drain() {
	if t.done != nil {
		<-t.done
	}
}

// restore gives the person's terminal back as it was. It can be called twice.
func (t *execTerminal) restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before != nil {
		_ = term.Restore(int(t.in.Fd()), t.before)
		t.before = nil
	}
}
