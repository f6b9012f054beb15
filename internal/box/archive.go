package box

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tarCmd makes, lists and unpacks archives. Unpacking never leaves its directory (os.Root).
func tarCmd(c *call) {
	if len(c.args) > 0 && c.args[0] != "" && c.args[0][0] != '-' {
		c.args[0] = "-" + c.args[0]
	}
	f := c.parse("cxtvzf:C:OpkohjJ", "create=c", "extract=x", "list=t", "verbose=v", "gzip=z", "file=f", "directory=C", "to-stdout=O")
	if f.count['c']+f.count['x']+f.count['t'] != 1 {
		c.misuse("need one of -c, -x, -t")
	}
	name := f.value('f', "-")
	if f.has('c') {
		c.tarCreate(f, name)
		return
	}
	in := c.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			c.fail("%s: %s", name, text(err))
		}
		defer file.Close()
		in = file
	}
	br := bufio.NewReader(in)
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(br)
		if err != nil {
			c.fail("%s: %s", name, err)
		}
		br = bufio.NewReader(z)
	}
	c.tarRead(f, tar.NewReader(br))
}

func (c *call) tarCreate(f *flags, name string) {
	c.operands(1, -1)
	var w io.Writer = c.out
	if name != "-" {
		file, err := os.Create(name)
		if err != nil {
			c.fail("%s: %s", name, text(err))
		}
		defer file.Close()
		w = file
	}
	if d := f.value('C', ""); d != "" {
		if err := os.Chdir(d); err != nil {
			c.fail("can't change directory to '%s': %s", d, text(err))
		}
	}
	if f.has('z') {
		z := gzip.NewWriter(w)
		defer z.Close()
		w = z
	}
	tw := tar.NewWriter(w)
	defer tw.Close()
	for _, a := range c.args {
		walk(a, func(p string, _ bool) {
			if err := tarAdd(tw, p); err != nil {
				c.complain("%s: %s", p, text(err))
			} else if f.has('v') {
				io.WriteString(c.err, p+"\n")
			}
		})
	}
}

func tarAdd(tw *tar.Writer, p string) error {
	st, err := os.Lstat(p)
	if err != nil {
		return err
	}
	to := ""
	if st.Mode()&fs.ModeSymlink != 0 {
		if to, err = os.Readlink(p); err != nil {
			return err
		}
	}
	if st.Mode()&fs.ModeSocket != 0 {
		return errors.New("socket ignored")
	}
	h, err := tar.FileInfoHeader(st, to)
	if err != nil {
		return err
	}
	if h.Name = strings.TrimLeft(p, "/"); st.IsDir() {
		h.Name += "/"
	}
	if h.Name == "/" {
		h.Name = "./"
	}
	if err := tw.WriteHeader(h); err != nil || !st.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(p)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyN(tw, file, st.Size())
	return err
}

func (c *call) tarRead(f *flags, tr *tar.Reader) {
	dir := f.value('C', ".")
	root, err := os.OpenRoot(dir)
	if err != nil {
		c.fail("can't change directory to '%s': %s", dir, text(err))
	}
	defer root.Close()
	wanted := func(name string) bool {
		for _, a := range c.args {
			if name = strings.TrimSuffix(name, "/"); name == a || strings.HasPrefix(name, strings.TrimSuffix(a, "/")+"/") {
				return true
			}
		}
		return len(c.args) == 0
	}
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.fail("%s", err)
		}
		if !wanted(h.Name) {
			continue
		}
		switch {
		case f.has('t') && f.has('v'):
			owner := h.Uname + "/" + h.Gname
			link := ""
			if h.Linkname != "" {
				link = " -> " + h.Linkname
			}
			c.printf("%s %s %9d %s %s%s\n", tarMode(h), owner, h.Size, h.ModTime.Format("2006-01-02 15:04"), h.Name, link)
		case f.has('t'):
			c.printf("%s\n", h.Name)
		case f.has('O'):
			io.Copy(c.out, tr)
		default:
			if f.has('v') {
				c.printf("%s\n", h.Name)
			}
			if err := unpack(root, h, tr); err != nil {
				c.complain("%s: %s", h.Name, text(err))
			}
		}
	}
}

func tarMode(h *tar.Header) string {
	kind := uint32(unix.S_IFREG)
	switch h.Typeflag {
	case tar.TypeDir:
		kind = unix.S_IFDIR
	case tar.TypeSymlink:
		kind = unix.S_IFLNK
	case tar.TypeChar:
		kind = unix.S_IFCHR
	case tar.TypeBlock:
		kind = unix.S_IFBLK
	case tar.TypeFifo:
		kind = unix.S_IFIFO
	}
	return modeString(kind | uint32(h.Mode)&0o7777)
}

// unpack makes one entry below root. Names that lead out of it, also through links, are refused.
func unpack(root *os.Root, h *tar.Header, r io.Reader) error {
	name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
	if name == "" {
		return nil
	}
	if d := path.Dir(name); d != "." {
		if err := root.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	mode := fs.FileMode(h.Mode & 0o777)
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case tar.TypeSymlink:
		root.Remove(name)
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		root.Remove(name)
		return root.Link(strings.TrimPrefix(path.Clean("/"+h.Linkname), "/"), name)
	case tar.TypeReg:
		root.Remove(name)
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	case tar.TypeFifo, tar.TypeChar, tar.TypeBlock:
		return syscall.EOPNOTSUPP
	default:
		return nil
	}
	if os.Geteuid() == 0 {
		root.Lchown(name, h.Uid, h.Gid)
	}
	root.Chmod(name, mode)
	return root.Chtimes(name, time.Now(), h.ModTime)
}

func gzipCmd(c *call) {
	f := c.parse("cdkfqv123456789n", "stdout=c", "decompress=d", "keep=k", "force=f")
	undo := f.has('d') || c.name == "gunzip" || c.name == "zcat"
	if c.name == "zcat" {
		f.count['c']++
	}
	pass := func(w io.Writer, r io.Reader) error {
		if undo {
			z, err := gzip.NewReader(r)
			if err != nil {
				return err
			}
			_, err = io.Copy(w, z)
			return err
		}
		z := gzip.NewWriter(w)
		if _, err := io.Copy(z, r); err != nil {
			return err
		}
		return z.Close()
	}
	c.each(func(name string, r io.Reader) error {
		if name == "-" || f.has('c') {
			return pass(c.out, r)
		}
		out := name + ".gz"
		if undo {
			if out = strings.TrimSuffix(name, ".gz"); out == name {
				return errors.New("unknown suffix - ignored")
			}
		}
		mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
		if f.has('f') {
			mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		}
		w, err := os.OpenFile(out, mode, 0o666)
		if err != nil {
			return err
		}
		err = pass(w, r)
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(out)
			return err
		}
		if !f.has('k') {
			return os.Remove(name)
		}
		return nil
	})
}

func checksum(c *call) {
	f := c.parse("cbtsw", "check=c", "status=s")
	sum := func(r io.Reader) (string, error) {
		var h hash.Hash
		if c.name == "md5sum" {
			h = md5.New()
		} else {
			h = sha256.New()
		}
		_, err := io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	c.each(func(name string, r io.Reader) error {
		if !f.has('c') {
			s, err := sum(r)
			if err == nil {
				c.printf("%s  %s\n", s, name)
			}
			return err
		}
		bad := 0
		err := eachLine(r, func(l string) bool {
			want, file, ok := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
			if !ok || file == "" {
				return true
			}
			file = file[1:]
			in, ok := c.open(file)
			if !ok {
				bad++
				return true
			}
			defer in.Close()
			got, err := sum(in)
			state := "OK"
			if err != nil || got != strings.ToLower(want) {
				state = "FAILED"
				bad++
			}
			if !f.has('s') {
				c.printf("%s: %s\n", file, state)
			}
			return true
		})
		if bad > 0 {
			c.complain("WARNING: %d computed checksums did NOT match", bad)
		}
		return err
	})
}

func base64Cmd(c *call) {
	f := c.parse("dw:i", "decode=d", "wrap=w")
	width := c.number(f.value('w', "76"))
	c.each(func(_ string, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if f.has('d') {
			out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), ""))
			c.out.Write(out)
			if err != nil {
				return errors.New("invalid input")
			}
			return nil
		}
		s := base64.StdEncoding.EncodeToString(b)
		for width > 0 && len(s) > width {
			c.printf("%s\n", s[:width])
			s = s[width:]
		}
		c.printf("%s", s)
		if width > 0 {
			c.printf("\n")
		}
		return nil
	})
}

func cmp(c *call) {
	f := c.parse("sl", "quiet=s", "silent=s")
	c.operands(2, 2)
	a, ok1 := c.open(c.args[0])
	b, ok2 := c.open(c.args[1])
	if !ok1 || !ok2 {
		c.exit(2)
	}
	x, y := bufio.NewReader(a), bufio.NewReader(b)
	line := 1
	for n := 1; ; n++ {
		p, e1 := x.ReadByte()
		q, e2 := y.ReadByte()
		if e1 != nil && e2 != nil {
			return
		}
		if e1 != nil || e2 != nil {
			short := c.args[0]
			if e2 != nil {
				short = c.args[1]
			}
			if !f.has('s') {
				c.complain("EOF on %s", short)
			}
			c.exit(1)
		}
		if p != q {
			if !f.has('s') {
				c.printf("%s %s differ: char %d, line %d\n", c.args[0], c.args[1], n, line)
			}
			c.exit(1)
		}
		if p == '\n' {
			line++
		}
	}
}

// dd copies blocks; it is here for the lessons on io limits and on devices.
func dd(c *call) {
	p := map[string]string{"bs": "512"}
	for _, a := range c.args {
		k, v, ok := strings.Cut(a, "=")
		switch k {
		case "if", "of", "bs", "count", "skip", "seek", "conv", "oflag", "iflag", "status", "ibs", "obs":
		default:
			ok = false
		}
		if !ok {
			c.misuse("unrecognized operand '%s'", a)
		}
		p[k] = v
	}
	bs := c.bytes(p["bs"])
	if bs < 1 || bs > 1<<30 {
		c.fail("invalid number '%s'", p["bs"])
	}
	in, out := os.Stdin, os.Stdout
	var err error
	if p["if"] != "" {
		if in, err = os.Open(p["if"]); err != nil {
			c.fail("can't open '%s': %s", p["if"], text(err))
		}
		defer in.Close()
	}
	if p["of"] != "" {
		mode := os.O_WRONLY | os.O_CREATE
		if !strings.Contains(p["conv"], "notrunc") && p["seek"] == "" {
			mode |= os.O_TRUNC
		}
		if strings.Contains(p["oflag"], "append") {
			mode |= os.O_APPEND
		}
		if strings.Contains(p["oflag"], "dsync") || strings.Contains(p["oflag"], "sync") {
			mode |= unix.O_DSYNC
		}
		if strings.Contains(p["oflag"], "direct") {
			mode |= unix.O_DIRECT
		}
		if out, err = os.OpenFile(p["of"], mode, 0o666); err != nil {
			c.fail("can't open '%s': %s", p["of"], text(err))
		}
		defer out.Close()
	}
	if s := p["skip"]; s != "" {
		if _, err := in.Seek(c.bytes(s)*bs, io.SeekCurrent); err != nil {
			io.CopyN(io.Discard, in, c.bytes(s)*bs)
		}
	}
	if s := p["seek"]; s != "" {
		if _, err := out.Seek(c.bytes(s)*bs, io.SeekCurrent); err != nil {
			c.fail("can't seek in '%s': %s", p["of"], text(err))
		}
	}
	// A mapping of its own is aligned to pages, as O_DIRECT wants.
	buf, err := unix.Mmap(-1, 0, int(bs), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		c.fail("mmap: %s", text(err))
	}
	count := int64(-1)
	if s := p["count"]; s != "" {
		count = c.bytes(s)
	}
	var full, partial, total int64
	start := time.Now()
	for i := int64(0); count < 0 || i < count; i++ {
		n, rerr := in.Read(buf)
		if n == 0 {
			if rerr != nil && !errors.Is(rerr, io.EOF) {
				c.complain("error reading: %s", text(rerr))
			}
			break
		}
		if int64(n) == bs {
			full++
		} else {
			partial++
		}
		w, werr := out.Write(buf[:n])
		total += int64(w)
		if werr != nil {
			c.complain("error writing '%s': %s", p["of"], text(werr))
			break
		}
	}
	if strings.Contains(p["conv"], "fsync") {
		out.Sync()
	}
	if p["status"] == "none" {
		return
	}
	span := time.Since(start).Seconds()
	e := bufio.NewWriter(c.err)
	defer e.Flush()
	io.WriteString(e, fmt.Sprintf("%d+%d records in\n%d+%d records out\n", full, partial, full, partial))
	if p["status"] != "noxfer" {
		io.WriteString(e, fmt.Sprintf("%d bytes (%sB) copied, %.6f seconds, %sB/s\n", total, human(uint64(total)), span, human(uint64(float64(total)/max(span, 1e-9)))))
	}
}

// more prints its input page by page on a terminal, else at once.
func more(c *call) {
	c.parse("eFRXSdrni")
	height := 0
	keys, err := os.Open("/dev/tty")
	if w, werr := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); werr == nil && err == nil {
		height = int(w.Row) - 1
	}
	shown := 0
	quit := false
	c.each(func(_ string, r io.Reader) error {
		if quit {
			return nil
		}
		return eachLine(r, func(l string) bool {
			c.out.WriteString(l)
			if shown++; height > 2 && shown >= height {
				shown = 0
				c.printf("\x1b[7m--More--\x1b[m")
				c.out.Flush()
				var b [64]byte
				n, err := keys.Read(b[:])
				c.printf("\x1b[A\r\x1b[K")
				quit = err != nil || n > 0 && b[0] == 'q'
			}
			return !quit
		})
	})
}
