package box

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

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
