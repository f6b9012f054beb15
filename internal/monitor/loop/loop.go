package loop

import (
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// Run is the whole process. It returns only where it cannot go on.
func Run(args, env []string) int {
	o, ok := parseOptions(args)
	if !ok || unix.Fchdir(DirFD) != nil {
		return 2
	}
	l := &loop{Options: o, env: env, stdin: -1}
	switch {
	case o.Terminal:
		l.stdin, l.out = TerminalFD, [2]source{{fd: TerminalFD, packet: Stdout, stream: journal.Stdout, terminal: true}, {fd: -1}}
	case o.Stdin:
		l.stdin = StdinFD
		fallthrough
	default:
		l.out = [2]source{
			{fd: StdoutFD, packet: Stdout, stream: journal.Stdout}, {fd: StderrFD, packet: Stderr, stream: journal.Stderr},
		}
	}
	for _, fd := range [...]int{ListenFD, l.stdin, l.out[0].fd, l.out[1].fd} {
		if fd >= 0 {
			_ = unix.SetNonblock(fd, true)
		}
	}
	l.files = fileLimit()
	l.process = whoIs(ProcessFD)
	l.prepare()
	l.holdRoot()
	l.journal, _ = journal.Open(LogDir, o.MaxSize, o.MaxFiles) // without a log the container still runs
	l.start = now()
	for !l.turn() {
	}
	l.last()
	return l.leave()
}

type loop struct {
	Options
	env     []string
	journal *journal.Writer
	stdin   int       // where input for the container goes; -1: nowhere any more
	out     [2]source // where its output comes from
	clients []*client
	spare   []*client // memory of those who have gone: nobody collects rubbish here
	deaf    bool      // nobody can be let in at the moment
	input   []byte    // came from clients, and the container has not taken it yet
	endIn   bool      // and nothing is to come after it
	buf     []byte    // made when it is first needed
	polls   []unix.PollFd
	start   int64 // in ns since boot
	process process
	ended   int // its exit status, in the end
	root    int // the container's root; -1: could not be opened
	files   int // how many descriptors this process may have
	endFile int // what is to become the file end; -1: could not be made
}

// source is one stream of output; its fd is -1 when it has ended.
type source struct {
	fd       int
	packet   byte // what it is called on the socket
	stream   int  // and in the log
	terminal bool
}

// turn waits until something can be done, and does it. It returns true when the container has ended.
func (l *loop) turn() bool {
	p, timeout := l.interests(), -1
	if l.deaf {
		timeout = 1000
	}
	if _, err := unix.Poll(p, timeout); err != nil {
		return false // EINTR
	}
	l.deaf = false
	ended, visitors, input := p[0].Revents != 0, p[1].Revents != 0, p[2].Revents != 0
	output := [2]bool{p[3].Revents != 0, p[4].Revents != 0} // all noted now: reap uses the list anew
	for i, c := range l.clients {
		if p[5+i].Revents&unix.POLLOUT != 0 {
			c.flush()
		}
		gone := p[5+i].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		if gone || p[5+i].Revents&unix.POLLIN != 0 && len(l.input) == 0 { // another's input may have come before, in this turn
			l.hear(c)
		}
	}
	l.forget() // before others come, who need the places
	if visitors {
		l.letIn()
	}
	if input {
		l.feed()
	}
	for i := range l.out {
		if output[i] {
			l.copy(&l.out[i])
		}
	}
	return ended
}

// interests fills the list for poll(2): the process, the socket, the input, the two outputs, the clients. A negative
// descriptor is skipped by the kernel.
func (l *loop) interests() []unix.PollFd {
	p := append(l.polls[:0], unix.PollFd{Fd: ProcessFD, Events: unix.POLLIN}, unix.PollFd{Fd: ListenFD, Events: unix.POLLIN})
	if l.deaf {
		p[1].Fd = -1
	}
	stdin := unix.PollFd{Fd: -1, Events: unix.POLLOUT}
	if len(l.input) > 0 {
		stdin.Fd = int32(l.stdin)
	}
	p = append(p, stdin)
	full := l.anyFull()
	for _, s := range l.out {
		if full { // somebody attached does not keep up: the container waits, as it would for a terminal
			s.fd = -1
		}
		p = append(p, unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN})
	}
	for _, c := range l.clients {
		f := unix.PollFd{Fd: int32(c.fd)}
		if len(l.input) == 0 {
			f.Events |= unix.POLLIN
		}
		if len(c.pending) > 0 {
			f.Events |= unix.POLLOUT
		}
		p = append(p, f)
	}
	l.polls = p
	return p
}

// copy takes what has come: straight from the pipe into the log, or by way of memory where somebody is attached. It returns how
// much that was.
func (l *loop) copy(s *source) int {
	if !s.terminal && len(l.clients) == 0 && l.journal != nil {
		n, err := l.journal.Splice(s.stream, s.fd)
		if n == 0 && err != unix.EAGAIN {
			s.fd = l.shut(s.fd)
		}
		return n
	}
	buf := l.buffer()
	n, err := unix.Read(s.fd, buf[1:])
	switch {
	case n > 0:
		if l.journal != nil {
			l.journal.Write(s.stream, buf[1:1+n])
		}
		buf[0] = s.packet
		for _, c := range l.clients {
			if c.output {
				c.send(buf[:1+n])
			}
		}
		l.forget()
	case err == unix.EAGAIN || err == unix.EINTR:
	case s.terminal: // EIO: nobody has the terminal open at the moment; the program may open it again
		// poll(2) would come back at once for as long as the other side is closed.
		_, _ = unix.Poll([]unix.PollFd{{Fd: ProcessFD, Events: unix.POLLIN}}, 20)
	default:
		s.fd = l.shut(s.fd)
	}
	return n
}

func (l *loop) buffer() []byte {
	if l.buf == nil {
		l.buf = make([]byte, 1+MaxPacket)
	}
	return l.buf
}

// shut ends a stream, and keeps its place.
func (l *loop) shut(fd int) int {
	if fd < 0 || fd == TerminalFD {
		return -1
	}
	if null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
		_ = unix.Dup3(null, fd, 0)
		_ = unix.Close(null)
	}
	return -1
}

// maxInput is more than what waits in the socket of one who typed and left.
const maxInput = 512 << 10

// take keeps what somebody typed until the container has room for it. More than one packet comes together only from those who leave.
func (l *loop) take(data []byte) {
	if l.stdin >= 0 && !l.endIn && len(l.input)+len(data) <= maxInput {
		l.input = append(l.input, data...)
		l.feed()
	}
}

// feed gives the container what people typed, and then the end of it.
func (l *loop) feed() {
	if len(l.input) > 0 {
		n, err := unix.Write(l.stdin, l.input)
		switch {
		case n > 0:
			l.input = append(l.input[:0], l.input[n:]...) // always the same memory: nobody collects what is left behind
		case err != unix.EAGAIN && err != unix.EINTR: // it does not read any more
			l.input = l.input[:0]
			l.stdin = l.shut(l.stdin)
		}
	}
	if l.endIn && len(l.input) == 0 {
		l.stdin, l.endIn = l.shut(l.stdin), false
	}
}

func now() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return t.Nano()
}
