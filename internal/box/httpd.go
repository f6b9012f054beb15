package box

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

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
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
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
