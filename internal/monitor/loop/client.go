package loop

import "golang.org/x/sys/unix"

// client is one who is attached.
type client struct {
	fd      int
	output  bool
	pending []byte // a packet that did not go out yet
	gone    bool
}

func (l *loop) accept() {
	fd, _, err := unix.Accept4(ListenFD, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return
	}
	if len(l.clients) == maxClients {
		_ = unix.Close(fd)
		return
	}
	c := &client{fd: fd}
	l.clients = append(l.clients, c)
	// What who attaches says first has mostly come already, and decides whether the next output is for it.
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
	l.hear(c)
	l.forget()
}

const maxClients = 256

// hear takes one packet from a client.
func (l *loop) hear(c *client) {
	buf := l.buffer()
	n, err := unix.Read(c.fd, buf)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if n <= 0 {
		c.gone = true
		return
	}
	switch data := buf[1:n]; buf[0] {
	case Hello:
		c.output = len(data) > 0 && data[0] == 'o'
	case Input:
		if l.stdin >= 0 {
			l.input = append(l.input[:0], data...)
			l.feed()
		}
	case EndIn:
		if l.stdin != TerminalFD {
			l.stdin = l.shut(l.stdin)
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
		} else {
			kept = append(kept, c)
		}
	}
	clear(l.clients[len(kept):])
	l.clients = kept
}
