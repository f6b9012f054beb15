package box

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// nc connects standard input and output with a TCP or UDP socket; -l listens. It ends when the other
// side has no more to say and all of the input is sent; at a terminal it does not wait for the input,
// and with -w it waits that long for either.
func nc(c *call) {
	f := c.parse("lup:w:nvzNkqs:", "listen=l", "udp=u")
	network := "tcp"
	if f.has('u') {
		network = "udp"
	}
	// In the background of a terminal there is no input: read(2) says EIO instead of stopping the job.
	signal.Ignore(syscall.SIGTTIN)
	idle := time.Duration(0)
	if f.has('w') {
		idle = c.duration(f.value('w', ""))
	}
	if f.has('l') {
		c.listen(network, f, idle)
		return
	}
	c.operands(2, 2)
	dial := idle
	if dial == 0 {
		dial = 30 * time.Second
	}
	conn, err := net.DialTimeout(network, net.JoinHostPort(c.args[0], c.args[1]), dial)
	if err != nil {
		c.fail("%s (%s:%s)", netText(err), c.args[0], c.args[1])
	}
	defer conn.Close()
	if f.has('v') {
		fmt.Fprintf(c.err, "%s (%s) open\n", c.args[0], conn.RemoteAddr())
	}
	if !f.has('z') {
		c.join(conn, idle)
	}
}

func (c *call) listen(network string, f *flags, idle time.Duration) {
	port := f.value('p', "")
	host := f.value('s', "")
	switch len(c.args) {
	case 1:
		port = c.args[0]
	case 2:
		host, port = c.args[0], c.args[1]
	}
	if port == "" {
		c.misuse("a port is required")
	}
	if network == "udp" {
		pc, err := net.ListenPacket("udp", net.JoinHostPort(host, port))
		if err != nil {
			c.fail("bind: %s", netText(err))
		}
		defer pc.Close()
		c.join(&peer{PacketConn: pc, known: make(chan struct{})}, idle)
		return
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		c.fail("bind: %s", netText(err))
	}
	defer l.Close()
	for {
		conn, err := l.Accept()
		if err != nil {
			c.fail("accept: %s", netText(err))
		}
		c.join(conn, idle)
		conn.Close()
		if !f.has('k') {
			return
		}
	}
}

// join copies both ways.
func (c *call) join(conn stream, idle time.Duration) {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if _, err := io.Copy(conn, c.in); err != nil {
			return
		}
		if t, ok := conn.(*net.TCPConn); ok {
			t.CloseWrite()
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		if idle > 0 {
			conn.SetReadDeadline(time.Now().Add(idle))
		}
		n, err := conn.Read(buf)
		c.out.Write(buf[:n])
		if c.out.Flush() != nil {
			return
		}
		if err != nil {
			break
		}
	}
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
		return
	}
	var late <-chan time.Time
	if idle > 0 {
		late = time.After(idle)
	}
	select {
	case <-sent:
	case <-late:
	}
}

// stream is what join needs of a net.Conn.
type stream interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
}

// peer is the other side of a UDP socket that listens: whoever sent the first packet.
type peer struct {
	net.PacketConn
	known chan struct{}
	addr  net.Addr
}

func (p *peer) Read(b []byte) (int, error) {
	n, addr, err := p.ReadFrom(b)
	if err == nil && p.addr == nil {
		p.addr = addr
		close(p.known)
	}
	return n, err
}

func (p *peer) Write(b []byte) (int, error) {
	<-p.known
	return p.WriteTo(b, p.addr)
}

func netText(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "bad address '" + dns.Name + "'"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "Connection timed out"
	}
	return text(err)
}
