package box

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// nc connects standard input and output with a TCP or UDP socket; -l listens.
func nc(c *call) {
	f := c.parse("lup:w:nvzNkqs:", "listen=l", "udp=u")
	network := "tcp"
	if f.has('u') {
		network = "udp"
	}
	wait := 30 * time.Second
	if f.has('w') {
		wait = c.duration(f.value('w', ""))
	}
	if f.has('l') {
		c.listen(network, f)
		return
	}
	c.operands(2, 2)
	conn, err := net.DialTimeout(network, net.JoinHostPort(c.args[0], c.args[1]), wait)
	if err != nil {
		c.fail("%s (%s:%s)", netText(err), c.args[0], c.args[1])
	}
	defer conn.Close()
	if f.has('v') {
		fmt.Fprintf(c.err, "%s (%s) open\n", c.args[0], conn.RemoteAddr())
	}
	if !f.has('z') {
		c.join(conn, c.in)
	}
}

func (c *call) listen(network string, f *flags) {
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
		buf := make([]byte, 64<<10)
		for {
			n, _, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			c.out.Write(buf[:n])
			c.out.Flush()
		}
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
		c.join(conn, c.in)
		conn.Close()
		if !f.has('k') {
			return
		}
	}
}

// join copies both ways until the other side is done.
func (c *call) join(conn net.Conn, in io.Reader) {
	go func() {
		io.Copy(conn, in)
		if t, ok := conn.(*net.TCPConn); ok {
			t.CloseWrite()
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := conn.Read(buf)
		c.out.Write(buf[:n])
		c.out.Flush()
		if err != nil {
			return
		}
	}
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
