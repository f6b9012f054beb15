package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func rm(c *call) {
	f := c.parse("rRfivd", "recursive=r", "force=f", "verbose=v", "dir=d")
	deep := f.has('r') || f.has('R')
	if !f.has('f') {
		c.operands(1, -1)
	}
	for _, a := range c.args {
		base := filepath.Base(strings.TrimRight(a, "/"))
		if base == "." || base == ".." || filepath.Clean(a) == "/" {
			c.complain("refusing to remove '%s'", a)
			continue
		}
		st, err := os.Lstat(a)
		if err == nil && st.IsDir() && !deep && !f.has('d') {
			c.complain("cannot remove '%s': Is a directory", a)
			continue
		}
		if err == nil {
			if deep {
				err = os.RemoveAll(a)
			} else {
				err = os.Remove(a)
			}
		}
		switch {
		case err == nil && f.has('v'):
			c.printf("removed '%s'\n", a)
		case err != nil && !(f.has('f') && errors.Is(err, fs.ErrNotExist)):
			name := a
			var pe *fs.PathError
			if errors.As(err, &pe) && strings.HasPrefix(pe.Path, "/") == strings.HasPrefix(a, "/") && len(pe.Path) > len(a) {
				name = pe.Path
			}
			c.complain("cannot remove '%s': %s", name, text(err))
		}
	}
}

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

func rmdir(c *call) {
	f := c.parse("p", "parents=p")
	c.operands(1, -1)
	for _, a := range c.args {
		for p := filepath.Clean(a); p != "." && p != "/"; p = filepath.Dir(p) {
			if err := unix.Rmdir(p); err != nil {
				c.complain("failed to remove '%s': %s", p, text(err))
				break
			}
			if !f.has('p') {
				break
			}
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

func touch(c *call) {
	f := c.parse("amcr:d:t:h", "no-create=c", "reference=r", "date=d")
	c.operands(1, -1)
	at, mt := time.Now(), time.Now()
	if r := f.value('r', ""); r != "" {
		var st unix.Stat_t
		if err := unix.Stat(r, &st); err != nil {
			c.fail("cannot stat '%s': %s", r, text(err))
		}
		at, mt = time.Unix(st.Atim.Unix()), time.Unix(st.Mtim.Unix())
	}
	if d := f.value('d', ""); d != "" {
		t, err := parseDate(d)
		if err != nil {
			c.fail("invalid date '%s'", d)
		}
		at, mt = t, t
	}
	if d := f.value('t', ""); d != "" {
		t, err := time.ParseInLocation("200601021504.05", d, time.Local)
		if err != nil {
			t, err = time.ParseInLocation("200601021504", d, time.Local)
		}
		if err != nil {
			c.fail("invalid date '%s'", d)
		}
		at, mt = t, t
	}
	omit := unix.Timespec{Nsec: unix.UTIME_OMIT}
	ts := []unix.Timespec{unix.NsecToTimespec(at.UnixNano()), unix.NsecToTimespec(mt.UnixNano())}
	if f.has('a') && !f.has('m') {
		ts[1] = omit
	}
	if f.has('m') && !f.has('a') {
		ts[0] = omit
	}
	for _, a := range c.args {
		err := unix.UtimesNanoAt(unix.AT_FDCWD, a, ts, 0)
		if errors.Is(err, fs.ErrNotExist) {
			if f.has('c') {
				continue
			}
			var file *os.File
			if file, err = os.OpenFile(a, os.O_WRONLY|os.O_CREATE, 0o666); err == nil {
				file.Close()
				err = unix.UtimesNanoAt(unix.AT_FDCWD, a, ts, 0)
			}
		}
		if err != nil {
			c.complain("cannot touch '%s': %s", a, text(err))
		}
	}
}

// parseMode reads 755 or u+rwx,go-w relative to old, see chmod(1).
func parseMode(s string, old uint32, dir bool) (uint32, bool) {
	if n, err := strconv.ParseUint(s, 8, 32); err == nil && n <= 0o7777 {
		return uint32(n), true
	}
	mode := old & 0o7777
	for clause := range strings.SplitSeq(s, ",") {
		i := 0
		var who uint32
		for ; i < len(clause) && strings.IndexByte("ugoa", clause[i]) >= 0; i++ {
			who |= map[byte]uint32{'u': 0o4700, 'g': 0o2070, 'o': 0o1007, 'a': 0o7777}[clause[i]]
		}
		if who == 0 {
			mask := unix.Umask(0)
			unix.Umask(mask)
			who = 0o7777 &^ uint32(mask)
		}
		if i == len(clause) {
			return 0, false
		}
		for i < len(clause) {
			op := clause[i]
			if op != '+' && op != '-' && op != '=' {
				return 0, false
			}
			var bits uint32
			for i++; i < len(clause) && strings.IndexByte("+-=", clause[i]) < 0; i++ {
				switch clause[i] {
				case 'r':
					bits |= 0o444
				case 'w':
					bits |= 0o222
				case 'x':
					bits |= 0o111
				case 'X':
					if dir || mode&0o111 != 0 {
						bits |= 0o111
					}
				case 's':
					bits |= 0o6000
				case 't':
					bits |= 0o1000
				case 'u', 'g', 'o':
					v := mode >> map[byte]uint32{'u': 6, 'g': 3, 'o': 0}[clause[i]] & 7
					bits |= v | v<<3 | v<<6
				default:
					return 0, false
				}
			}
			if bits&0o1000 != 0 {
				who |= 0o1000
			}
			switch op {
			case '+':
				mode |= bits & who
			case '-':
				mode &^= bits & who
			case '=':
				mode = mode&^(who&0o777) | bits&who
			}
		}
	}
	return mode, true
}

// walkOwn calls do for a path and, with deep, for everything below; links are not followed on the way.
func walkOwn(c *call, path string, deep bool, do func(path string, st fs.FileInfo) error) {
	st, err := os.Lstat(path)
	if err != nil {
		c.complain("cannot access '%s': %s", path, text(err))
		return
	}
	if err := do(path, st); err != nil {
		c.complain("changing '%s': %s", path, text(err))
	}
	if !deep || !st.IsDir() {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		c.complain("cannot read directory '%s': %s", path, text(err))
	}
	for _, e := range entries {
		walkOwn(c, filepath.Join(path, e.Name()), deep, do)
	}
}

func chmod(c *call) {
	// A mode such as -w looks like an option.
	for i, a := range c.args {
		if len(a) > 1 && a[0] == '-' && strings.IndexByte("rwxXst", a[1]) >= 0 {
			c.args[i] = "a" + a
		}
	}
	f := c.parse("Rvf", "recursive=R", "verbose=v")
	c.operands(2, -1)
	spec := c.args[0]
	for _, a := range c.args[1:] {
		walkOwn(c, a, f.has('R'), func(path string, st fs.FileInfo) error {
			if st.Mode()&fs.ModeSymlink != 0 && path != a {
				return nil
			}
			var s unix.Stat_t
			if err := unix.Stat(path, &s); err != nil {
				return err
			}
			mode, ok := parseMode(spec, s.Mode, s.Mode&unix.S_IFMT == unix.S_IFDIR)
			if !ok {
				c.fail("invalid mode: '%s'", spec)
			}
			return unix.Chmod(path, mode)
		})
	}
}

func chown(c *call) {
	f := c.parse("Rhvf", "recursive=R", "no-dereference=h")
	c.operands(2, -1)
	uid, gid := -1, -1
	owner, group, both := strings.Cut(c.args[0], ":")
	if c.name == "chgrp" {
		owner, group, both = "", c.args[0], true
	}
	var ok bool
	if owner != "" {
		if uid, ok = users().id(owner); !ok {
			c.fail("invalid user: '%s'", owner)
		}
	}
	if both && group != "" {
		if gid, ok = groups().id(group); !ok {
			c.fail("invalid group: '%s'", group)
		}
	}
	for _, a := range c.args[1:] {
		walkOwn(c, a, f.has('R'), func(path string, st fs.FileInfo) error {
			if f.has('h') || f.has('R') && path != a {
				return os.Lchown(path, uid, gid)
			}
			return os.Chown(path, uid, gid)
		})
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
		c.fail("%s", text(err))
	}
	if f.has('u') {
		os.Remove(name)
	}
	c.printf("%s\n", name)
}

func readlink(c *call) {
	f := c.parse("fenm", "canonicalize=f", "canonicalize-existing=e")
	c.operands(1, -1)
	for _, a := range c.args {
		var out string
		var err error
		if f.has('f') || f.has('e') || f.has('m') {
			out, err = resolve(a, !f.has('e'))
		} else {
			out, err = os.Readlink(a)
		}
		if err != nil {
			c.code = 1
			continue
		}
		c.printf("%s", out)
		if !f.has('n') {
			c.printf("\n")
		}
	}
}

func realpath(c *call) {
	f := c.parse("emsLPz")
	c.operands(1, -1)
	for _, a := range c.args {
		out, err := resolve(a, !f.has('e'))
		if err != nil {
			c.complain("%s: %s", a, text(err))
			continue
		}
		c.printf("%s\n", out)
	}
}

// resolve follows all links; the last element may be missing where lax.
func resolve(path string, lax bool) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	out, err := filepath.EvalSymlinks(abs)
	if err != nil && lax && errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Lstat(abs); e != nil {
			var dir string
			if dir, err = filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
				out = filepath.Join(dir, filepath.Base(abs))
			}
		}
	}
	return out, err
}

func basename(c *call) {
	f := c.parse("as:")
	c.operands(1, -1)
	suffix := f.value('s', "")
	if !f.has('a') && !f.has('s') && len(c.args) == 2 {
		suffix, c.args = c.args[1], c.args[:1]
	}
	for _, a := range c.args {
		b := filepath.Base(a)
		if a == "" {
			b = ""
		}
		if b != suffix {
			b = strings.TrimSuffix(b, suffix)
		}
		c.printf("%s\n", b)
	}
}

func dirname(c *call) {
	c.parse("z")
	c.operands(1, -1)
	for _, a := range c.args {
		c.printf("%s\n", filepath.Dir(strings.TrimRight(a, "/")+strings.Repeat("/", b2i(strings.Trim(a, "/") == "" && a != ""))))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func stat(c *call) {
	f := c.parse("Lc:f", "format=c", "dereference=L")
	c.operands(1, -1)
	us, gs := users(), groups()
	for _, a := range c.args {
		var st unix.Stat_t
		call := unix.Lstat
		if f.has('L') {
			call = unix.Stat
		}
		if err := call(a, &st); err != nil {
			c.complain("cannot statx '%s': %s", a, text(err))
			continue
		}
		if f.has('c') {
			c.printf("%s\n", statFormat(f.value('c', ""), a, &st, us, gs))
			continue
		}
		name := a
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			if to, err := os.Readlink(a); err == nil {
				name += " -> " + to
			}
		}
		t := func(ts unix.Timespec) string {
			return time.Unix(ts.Unix()).Format("2006-01-02 15:04:05.000000000 -0700")
		}
		c.printf("  File: %s\n  Size: %-10d\tBlocks: %-10d IO Block: %-6d %s\n", name, st.Size, st.Blocks, st.Blksize, kindName(&st))
		c.printf("Device: %d,%d\tInode: %-11d Links: %d\n", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino, st.Nlink)
		c.printf("Access: (%04o/%s)  Uid: (%5d/%8s)   Gid: (%5d/%8s)\n", st.Mode&0o7777, modeString(st.Mode),
			st.Uid, us.name(int(st.Uid)), st.Gid, gs.name(int(st.Gid)))
		c.printf("Access: %s\nModify: %s\nChange: %s\n", t(st.Atim), t(st.Mtim), t(st.Ctim))
	}
}

func kindName(st *unix.Stat_t) string {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		if st.Size == 0 {
			return "regular empty file"
		}
		return "regular file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symbolic link"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFCHR:
		return "character special file"
	}
	return "block special file"
}

func statFormat(format, name string, st *unix.Stat_t, us, gs *accounts) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 >= len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch format[i] {
		case 'n':
			b.WriteString(name)
		case 's':
			fmt.Fprint(&b, st.Size)
		case 'a':
			fmt.Fprintf(&b, "%o", st.Mode&0o7777)
		case 'A':
			b.WriteString(modeString(st.Mode))
		case 'u':
			fmt.Fprint(&b, st.Uid)
		case 'g':
			fmt.Fprint(&b, st.Gid)
		case 'U':
			b.WriteString(us.name(int(st.Uid)))
		case 'G':
			b.WriteString(gs.name(int(st.Gid)))
		case 'i':
			fmt.Fprint(&b, st.Ino)
		case 'h':
			fmt.Fprint(&b, st.Nlink)
		case 'b':
			fmt.Fprint(&b, st.Blocks)
		case 'd':
			fmt.Fprint(&b, st.Dev)
		case 'F':
			b.WriteString(kindName(st))
		case 't':
			fmt.Fprintf(&b, "%x", unix.Major(st.Rdev))
		case 'T':
			fmt.Fprintf(&b, "%x", unix.Minor(st.Rdev))
		case 'X':
			fmt.Fprint(&b, st.Atim.Sec)
		case 'Y':
			fmt.Fprint(&b, st.Mtim.Sec)
		case 'Z':
			fmt.Fprint(&b, st.Ctim.Sec)
		case '%':
			b.WriteByte('%')
		default:
			b.WriteString("?")
		}
	}
	return b.String()
}
