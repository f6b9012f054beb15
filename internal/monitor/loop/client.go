package loop

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// client is one who is attached.
type client struct {
	fd      int
	said    bool // something
	output  bool
	pending []byte // a packet that did not go out yet
	gone    bool
}

// most is how many may be attached: one who cannot be let in must still be told so.
func (l *loop) most() int { return max(min(MaxClients, l.files-ownFiles), 0) }

// fileLimit is how many descriptors this process may have: RLIMIT_NOFILE of getrlimit(2), where Go's runtime has raised the soft limit to
// the hard one.
func fileLimit() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return MinFiles
	}
	return int(min(limit.Cur, 1<<20))
}

// letIn lets those in who wait at the door: as many as can have waited there when the turn began (the second argument of listen(2), and
// one), for the container's output comes next, and more may come for ever. Who attaches is heard before the container is: no output is
// missed.
func (l *loop) letIn() {
	for range Backlog + 1 {
		switch l.accept() {
		case 0, unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			return
		default:
			l.deaf = true
			return
		}
	}
}

// accept lets one more in. The error is EAGAIN where nobody waits, and others where that needs what there is not now, such as a
// descriptor.
func (l *loop) accept() unix.Errno {
	fd, err := acceptNameless(ListenFD)
	if err != 0 {
		return err
	}
	if len(l.clients) >= l.most() {
		l.reap()
	}
	if len(l.clients) >= l.most() {
		_ = unix.Shutdown(fd, unix.SHUT_RD) // what is left unread would be an error to the other, instead of the packet
		_, _ = unix.Read(fd, l.buffer())
		_, _ = unix.Write(fd, strconv.AppendInt([]byte{Full}, int64(l.most()), 10))
		_ = unix.Close(fd)
		return 0
	}
	c := l.newClient(fd)
	l.clients = append(l.clients, c)
	// What who attaches says first has mostly come already, and decides whether the next output is for it. One who says nothing is
	// waited for once, and while there is such a one nobody else is: the container waits as well.
	wait := 100
	for _, other := range l.clients[:len(l.clients)-1] {
		if !other.said {
			wait = 0
		}
	}
	p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	_, _ = unix.Poll(p[:], wait)
	l.hear(c)
	if p[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
		l.hearOut(c)
	}
	l.forget()
	return 0
}

// reap drops those who have left since poll(2) looked: they hold places that somebody else wants.
func (l *loop) reap() {
	p := l.polls[:0]
	for _, c := range l.clients {
		p = append(p, unix.PollFd{Fd: int32(c.fd)}) // POLLHUP comes unasked
	}
	l.polls = p
	if n, _ := unix.Poll(p, 0); n > 0 {
		for i, c := range l.clients {
			if p[i].Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
				l.hearOut(c)
			}
		}
		l.forget()
	}
}

// hearOut hears the last words of one who has left, up to those that the container has no room for: they wait in the socket.
func (l *loop) hearOut(c *client) {
	for !c.gone && len(l.input) == 0 {
		l.hear(c)
	}
}

// acceptNameless is accept4(2) without the other's address, which has none, and would be rubbish that nobody collects.
func acceptNameless(listen int) (int, unix.Errno) {
	fd, _, err := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(listen), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	return int(fd), err
}

// newClient takes the memory of one who has gone, where there is any.
func (l *loop) newClient(fd int) *client {
	last := len(l.spare) - 1
	if last < 0 {
		return &client{fd: fd}
	}
	c := l.spare[last]
	l.spare = l.spare[:last]
	*c = client{fd: fd, pending: c.pending[:0]}
	return c
}

// hear takes one packet from a client.
func (l *loop) hear(c *client) {
	buf := l.buffer()
	n, err := unix.Read(c.fd, buf)
	// ECONNRESET comes once, before the last words of one who left without having read all of ours.
	if err == unix.EAGAIN || err == unix.EINTR || err == unix.ECONNRESET {
		return
	}
	if n <= 0 {
		c.gone = true
		return
	}
	c.said = true
	switch data := buf[1:n]; buf[0] {
	case Hello:
		c.output = len(data) > 0 && data[0] == 'o'
	case Input:
		l.take(data)
	case EndIn:
		if l.stdin >= 0 && l.stdin != TerminalFD {
			l.endIn = true
			l.feed()
		}
	case Resize:
		if len(data) == 4 && l.out[0].terminal {
			size := &unix.Winsize{Row: uint16(data[0])<<8 | uint16(data[1]), Col: uint16(data[2])<<8 | uint16(data[3])}
			_ = unix.IoctlSetWinsize(TerminalFD, unix.TIOCSWINSZ, size)
		}
	}
}

// send gives a packet to a client; one that does not fit into the socket waits.
func (c *client) send(packet []byte) {
	if c.gone {
		return
	}
	_, err := unix.Write(c.fd, packet)
	switch {
	case err == nil:
	case err == unix.EAGAIN || err == unix.EINTR || err == unix.ENOBUFS:
		c.pending = append(c.pending[:0], packet...)
	case err == unix.EPIPE || err == unix.ECONNRESET: // it has left, and poll(2) will say so; what it said before is still to be heard
		c.output = false
	default:
		c.gone = true
	}
}

func (c *client) flush() {
	if packet := c.pending; len(packet) > 0 {
		c.pending = c.pending[:0]
		c.send(packet)
	}
}

func (l *loop) anyFull() bool {
	for _, c := range l.clients {
		if len(c.pending) > 0 {
			return true
		}
	}
	return false
}

// forget drops those who are gone.
func (l *loop) forget() {
	kept := l.clients[:0]
	for _, c := range l.clients {
		if c.gone {
			_ = unix.Close(c.fd)
			l.spare = append(l.spare, c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(l.clients[len(kept):])
	l.clients = kept
}
