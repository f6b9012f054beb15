package monitor

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/container-labs/lab/internal/monitor/loop"
)

// Session is a person attached to a container that has a monitor.
type Session struct {
	Conn     int // from [Connect]; Do closes it
	In       *os.File
	Out, Err *os.File // nil: not printed
	Input    bool     // pass In on
	EndInput bool     // the container's standard input ends where In ends
	TTY      bool     // the container has a terminal
	Keys     []byte
	ToTheEnd bool // stay until the monitor has put everything in order, and not only until the container has ended
	Process  int  // a pidfd that signals are passed on to; -1: they end the session, not the container

	mu     sync.Mutex
	before *term.State
}

// Result is how a session ended.
type Result struct {
	Exited   bool // the container did, with Code
	Code     int
	Detached bool // the detach keys were typed
	Tired    bool // asked for the third time in a row to end the container, which did not listen: it runs on
}

// Do passes input, output, window size and signals until the container ends or the person leaves. The terminal is as it was before
// when Do returns. Neither: the monitor is gone.
func (s *Session) Do() (Result, error) {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)
	if s.TTY {
		s.raw()
		defer s.restore()
		s.resize()
	}
	left := make(chan struct{})
	if s.Input {
		go s.typed(left)
	}
	over, tired := make(chan struct{}), make(chan struct{})
	defer close(over)
	go s.pass(signals, over, tired)
	return s.listen(left, tired)
}

// listen prints what comes until the monitor closes the connection.
func (s *Session) listen(left, tired <-chan struct{}) (Result, error) {
	results := make(chan Result, 1)
	failed := make(chan error, 1)
	go func() {
		var r Result
		buf := make([]byte, 1+loop.MaxPacket)
		for {
			n, err := unix.Read(s.Conn, buf)
			if err == unix.EINTR || err == unix.ECONNRESET { // it left without having heard all of us; what it said comes next
				continue
			}
			if n <= 0 {
				results <- r
				return
			}
			switch data := buf[1:n]; buf[0] {
			case loop.Stdout:
				err = write(s.Out, data)
			case loop.Stderr:
				err = write(s.Err, data)
			case loop.Exited:
				r.Exited = true
				r.Code, _ = strconv.Atoi(string(data))
				if !s.ToTheEnd {
					results <- r
					return
				}
			case loop.Full:
				failed <- fmt.Errorf("attach: %s are attached already, and more are not possible: wait until somebody leaves", data)
				return
			}
			if err != nil {
				failed <- fmt.Errorf("print the container's output: %w", err)
				return
			}
		}
	}()
	select {
	case r := <-results:
		_ = unix.Close(s.Conn)
		return r, nil
	case err := <-failed:
		return Result{}, err
	case <-tired:
		return Result{Tired: true}, nil
	case <-left:
		return Result{Detached: true}, nil // the descriptor is closed with the process, for somebody still reads from it
	}
}

func write(to *os.File, data []byte) error {
	if to == nil {
		return nil
	}
	_, err := to.Write(data)
	return err
}

// typed passes input on, until it ends or the detach keys come.
func (s *Session) typed(left chan<- struct{}) {
	watch := Escape{Keys: s.Keys}
	if !s.TTY {
		watch.Keys = nil
	}
	buf := make([]byte, loop.MaxPacket/2) // keys that were held back may come on top
	for {
		n, err := s.In.Read(buf)
		if n > 0 {
			out, detach := watch.Pass(buf[:n])
			if len(out) > 0 && s.send(append([]byte{loop.Input}, out...)) != nil {
				return
			}
			if detach {
				close(left)
				return
			}
		}
		if err != nil {
			if s.EndInput {
				_ = s.send([]byte{loop.EndIn})
			}
			return
		}
	}
}

func (s *Session) send(packet []byte) error {
	for {
		_, err := unix.Write(s.Conn, packet)
		if err != unix.EINTR {
			return err
		}
	}
}

// pass forwards signals to the container's first process, as a foreground container's monitor does.
func (s *Session) pass(signals <-chan os.Signal, over <-chan struct{}, tired chan<- struct{}) {
	count := interrupts{}
	for {
		var got os.Signal
		select {
		case got = <-signals:
		case <-over:
			return
		}
		sig, ok := got.(unix.Signal)
		switch {
		case !ok:
		case sig == unix.SIGWINCH:
			s.resize()
		case s.Process < 0 && (sig == unix.SIGINT || sig == unix.SIGTERM || sig == unix.SIGHUP || sig == unix.SIGQUIT):
			s.restore()
			os.Exit(128 + int(sig))
		case s.Process >= 0:
			if count.third(sig) { // as docker's client does
				close(tired)
				return
			}
			_ = unix.PidfdSendSignal(s.Process, sig, nil, 0)
		}
	}
}

// raw makes the person's terminal pass every key on.
func (s *Session) raw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.Input || !term.IsTerminal(int(s.In.Fd())) {
		return
	}
	if state, err := term.MakeRaw(int(s.In.Fd())); err == nil {
		s.before = state
	}
}

func (s *Session) restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		_ = term.Restore(int(s.In.Fd()), s.before)
		s.before = nil
	}
}

func (s *Session) resize() {
	size, err := windowSize()
	if err != nil || !s.TTY {
		return
	}
	_ = s.send([]byte{loop.Resize, byte(size.Row >> 8), byte(size.Row), byte(size.Col >> 8), byte(size.Col)})
}

// CopyWindowSize gives a terminal's master side the size of the person's terminal, where there is one.
func CopyWindowSize(master int) {
	if size, err := windowSize(); err == nil {
		_ = unix.IoctlSetWinsize(master, unix.TIOCSWINSZ, size)
	}
}

// windowSize is that of the person's terminal.
func windowSize() (*unix.Winsize, error) {
	size, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
	if err != nil {
		size, err = unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
	}
	return size, err
}
