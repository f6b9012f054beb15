package box

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// wget fetches a page over plain HTTP. It speaks HTTP/1.0, so that a server answers and closes.
func wget(c *call) {
	f := c.parse("qO:ST:", "quiet=q", "output-document=O", "timeout=T", "server-response=S")
	c.operands(1, 1)
	where := c.args[0]
	limit := c.duration(f.value('T', "30"))
	for range 6 {
		if !strings.Contains(where, "://") {
			where = "http://" + where
		}
		u, err := url.Parse(where)
		if err != nil || u.Host == "" {
			c.fail("bad address '%s'", where)
		}
		if u.Scheme != "http" {
			c.fail("not an http address: %s", where)
		}
		next := c.fetch(u, f, limit)
		if next == "" {
			return
		}
		ref, err := u.Parse(next)
		if err != nil {
			c.fail("bad redirection '%s'", next)
		}
		where = ref.String()
	}
	c.fail("too many redirections")
}

func (c *call) fetch(u *url.URL, f *flags, limit time.Duration) (redirect string) {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	if !f.has('q') {
		fmt.Fprintf(c.err, "Connecting to %s\n", u.Host)
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(u.Hostname(), port), limit)
	if err != nil {
		c.fail("can't connect to remote host (%s): %s", u.Host, netText(err))
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(limit))
	fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: wget\r\nConnection: close\r\n\r\n", u.RequestURI(), u.Host)
	br := bufio.NewReader(conn)
	status, err := br.ReadString('\n')
	if err != nil {
		c.fail("error getting response: %s", netText(err))
	}
	fields := strings.Fields(status)
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/") {
		c.fail("bad answer from the server")
	}
	code, _ := strconv.Atoi(fields[1])
	length := int64(-1)
	location := ""
	for {
		h, err := br.ReadString('\n')
		if h = strings.TrimSpace(h); h == "" || err != nil {
			break
		}
		if f.has('S') {
			fmt.Fprintf(c.err, "  %s\n", h)
		}
		k, v, _ := strings.Cut(h, ":")
		switch strings.ToLower(k) {
		case "content-length":
			length, _ = strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		case "location":
			location = strings.TrimSpace(v)
		}
	}
	if code >= 300 && code < 400 && location != "" {
		return location
	}
	if code != 200 {
		c.fail("server returned error: %s", strings.TrimSpace(status))
	}
	name := f.value('O', "")
	if name == "" {
		if name = path.Base(u.Path); name == "/" || name == "." || name == ".." {
			name = "index.html"
		}
	}
	var out io.Writer = c.out
	if name != "-" {
		file, err := os.Create(name)
		if err != nil {
			c.fail("can't open '%s': %s", name, text(err))
		}
		defer file.Close()
		out = file
	}
	var body io.Reader = br
	if length >= 0 {
		body = io.LimitReader(br, length)
	}
	n, err := io.Copy(out, &deadlineReader{body, conn, limit})
	if err != nil || length >= 0 && n != length {
		c.fail("connection closed prematurely")
	}
	if !f.has('q') {
		fmt.Fprintf(c.err, "'%s' saved, %d bytes\n", name, n)
	}
	return ""
}

// deadlineReader gives up when nothing has come for a while, however long the whole takes.
type deadlineReader struct {
	io.Reader
	conn  net.Conn
	limit time.Duration
}

func (d *deadlineReader) Read(b []byte) (int, error) {
	d.conn.SetDeadline(time.Now().Add(d.limit))
	return d.Reader.Read(b)
}
