package box

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
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

// httpd serves the files of a directory. Whatever it is asked for, it opens nothing outside (os.Root).
func httpd(c *call) {
	f := c.parse("p:h:fv", "port=p")
	addr := f.value('p', "80")
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	dir := f.value('h', ".")
	root, err := os.OpenRoot(dir)
	if err != nil {
		c.fail("%s: %s", dir, text(err))
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		c.fail("bind: %s", netText(err))
	}
	fmt.Fprintf(c.err, "httpd: serving %s on %s\n", dir, l.Addr())
	host, _ := os.Hostname()
	for {
		conn, err := l.Accept()
		if err != nil {
			c.fail("accept: %s", netText(err))
		}
		go serve(conn, root, host, c.err, f.has('v'))
	}
}

func serve(conn net.Conn, root *os.Root, host string, log io.Writer, verbose bool) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	br := bufio.NewReader(io.LimitReader(conn, 64<<10))
	line, err := br.ReadString('\n')
	if err != nil {
		return
	}
	for {
		h, err := br.ReadString('\n')
		if err != nil || strings.TrimSpace(h) == "" {
			break
		}
	}
	w := strings.Fields(line)
	reply := func(status, kind string, body []byte) {
		if verbose {
			fmt.Fprintf(log, "%s %q %s\n", conn.RemoteAddr(), strings.TrimSpace(line), status)
		}
		fmt.Fprintf(conn, "HTTP/1.0 %s\r\nServer: lab-box %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", status, host, kind, len(body))
		if len(w) > 0 && w[0] != "HEAD" {
			conn.Write(body)
		}
	}
	if len(w) < 2 || w[0] != "GET" && w[0] != "HEAD" {
		reply("501 Not Implemented", "text/plain", []byte("only GET and HEAD\n"))
		return
	}
	raw, _, _ := strings.Cut(w[1], "?")
	name, err := url.PathUnescape(raw)
	if err != nil || strings.IndexByte(name, 0) >= 0 {
		reply("400 Bad Request", "text/plain", []byte("bad path\n"))
		return
	}
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		name = "."
	}
	st, err := root.Stat(name)
	if err == nil && st.IsDir() {
		if _, e := root.Stat(path.Join(name, "index.html")); e == nil {
			name = path.Join(name, "index.html")
			st, err = root.Stat(name)
		}
	}
	switch {
	case err != nil:
		reply("404 Not Found", "text/plain", []byte("not found\n"))
	case st.IsDir():
		reply("200 OK", "text/html; charset=utf-8", listing(root, name))
	case !st.Mode().IsRegular():
		reply("403 Forbidden", "text/plain", []byte("not a regular file\n"))
	default:
		file, err := root.Open(name)
		if err != nil {
			reply("403 Forbidden", "text/plain", []byte(text(err)+"\n"))
			return
		}
		defer file.Close()
		if w[0] == "HEAD" {
			reply("200 OK", contentType(name), nil)
			return
		}
		fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nServer: lab-box %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", host, contentType(name), st.Size())
		conn.SetDeadline(time.Now().Add(10 * time.Minute))
		io.CopyN(conn, file, st.Size())
	}
}

func contentType(name string) string {
	switch filepath.Ext(name) {
	case ".html", ".htm":
		return "text/html; charset=utf-8"
	case ".txt", ".md", ".log":
		return "text/plain; charset=utf-8"
	case ".css":
		return "text/css"
	case ".js":
		return "text/javascript"
	case ".json":
		return "application/json"
	case ".png":
		return "image/png"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

func listing(root *os.Root, name string) []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<ul>\n")
	if d, err := root.Open(name); err == nil {
		defer d.Close()
		entries, _ := d.ReadDir(10000)
		escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
		for _, e := range entries {
			n := e.Name()
			if e.IsDir() {
				n += "/"
			}
			fmt.Fprintf(&b, "<li><a href=\"./%s\">%s</a></li>\n", escape.Replace((&url.URL{Path: n}).EscapedPath()), escape.Replace(n))
		}
	}
	b.WriteString("</ul>\n")
	return b.Bytes()
}
