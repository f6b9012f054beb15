package box

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

func mkdir(c *call) {
	f := c.parse("pm:v", "parents=p", "mode=m", "verbose=v")
	c.operands(1, -1)
	for _, a := range c.args {
		var err error
		if f.has('p') {
			err = os.MkdirAll(a, 0o777)
		} else {
			err = os.Mkdir(a, 0o777)
		}
		if err == nil && f.has('m') {
			mode, ok := parseMode(f.value('m', ""), 0o777, true)
			if !ok {
				c.fail("invalid mode '%s'", f.value('m', ""))
			}
			err = unix.Chmod(a, mode)
		}
		if err != nil {
			c.complain("cannot create directory '%s': %s", a, text(err))
		} else if f.has('v') {
			c.printf("created directory '%s'\n", a)
		}
	}
}

func ln(c *call) {
	f := c.parse("sfnTv", "symbolic=s", "force=f", "no-dereference=n")
	c.operands(1, -1)
	last := "."
	if len(c.args) > 1 {
		last = c.args[len(c.args)-1]
		c.args = c.args[:len(c.args)-1]
	}
	st, err := os.Stat(last)
	if f.has('n') {
		st, err = os.Lstat(last)
	}
	into := err == nil && st.IsDir() && !f.has('T')
	if !into && len(c.args) > 1 {
		c.fail("target '%s' is not a directory", last)
	}
	for _, a := range c.args {
		dst := last
		if into {
			dst = filepath.Join(last, filepath.Base(a))
		}
		if f.has('f') {
			os.Remove(dst)
		}
		kind := "hard"
		if f.has('s') {
			kind = "symbolic"
			err = os.Symlink(a, dst)
		} else {
			err = os.Link(a, dst)
		}
		if err != nil {
			c.complain("failed to create %s link '%s': %s", kind, dst, text(err))
		}
	}
}

func mkfifo(c *call) {
	f := c.parse("m:", "mode=m")
	c.operands(1, -1)
	mode, ok := parseMode(f.value('m', "666"), 0o666, false)
	if !ok {
		c.fail("invalid mode '%s'", f.value('m', ""))
	}
	for _, a := range c.args {
		if err := unix.Mkfifo(a, mode); err != nil {
			c.complain("cannot create fifo '%s': %s", a, text(err))
		}
	}
}

func mknod(c *call) {
	f := c.parse("m:", "mode=m")
	c.operands(2, 4)
	mode, ok := parseMode(f.value('m', "666"), 0o666, false)
	if !ok {
		c.fail("invalid mode '%s'", f.value('m', ""))
	}
	dev := uint64(0)
	switch c.args[1] {
	case "p":
		mode |= unix.S_IFIFO
	case "b", "c", "u":
		c.operands(4, 4)
		mode |= unix.S_IFCHR
		if c.args[1] == "b" {
			mode ^= unix.S_IFCHR ^ unix.S_IFBLK
		}
		dev = unix.Mkdev(uint32(c.number(c.args[2])), uint32(c.number(c.args[3])))
	default:
		c.misuse("invalid device type '%s'", c.args[1])
	}
	if err := unix.Mknod(c.args[0], mode, int(dev)); err != nil {
		c.fail("%s: %s", c.args[0], text(err))
	}
}

func mktemp(c *call) {
	f := c.parse("dqup:t", "directory=d", "tmpdir=p")
	c.operands(0, 1)
	dir := f.value('p', os.Getenv("TMPDIR"))
	if dir == "" {
		dir = "/tmp"
	}
	template := "tmp.XXXXXX"
	if len(c.args) > 0 {
		if template = c.args[0]; !f.has('p') && !f.has('t') {
			dir = ""
		}
	}
	stem := strings.TrimRight(template, "X")
	if len(template)-len(stem) < 3 {
		c.fail("too few X's in template '%s'", template)
	}
	pattern := filepath.Join(dir, stem)
	parent, base := filepath.Split(pattern)
	if stem == "" || strings.HasSuffix(stem, "/") {
		parent, base = pattern+"/", ""
	}
	if parent == "" {
		parent = "."
	}
	var name string
	var err error
	if f.has('d') {
		name, err = os.MkdirTemp(parent, base+"*")
	} else {
		var file *os.File
		if file, err = os.CreateTemp(parent, base+"*"); err == nil {
			name = file.Name()
			file.Close()
		}
	}
	if err != nil {
		c.fail("cannot create a file '%s': %s", filepath.Join(dir, template), text(err))
	}
	if f.has('u') {
		os.Remove(name)
	}
	c.printf("%s\n", name)
}
