package box

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// open opens an operand; "-" is standard input.
func (c *call) open(name string) (io.ReadCloser, bool) {
	if name == "-" {
		return io.NopCloser(c.in), true
	}
	f, err := os.Open(name)
	if err != nil {
		c.complain("%s: %s", name, text(err))
		return nil, false
	}
	return f, true
}

// each calls do with every operand, or with standard input if there is none.
func (c *call) each(do func(name string, r io.Reader) error) {
	if len(c.args) == 0 {
		c.args = []string{"-"}
	}
	for _, a := range c.args {
		r, ok := c.open(a)
		if !ok {
			continue
		}
		if err := do(a, r); err != nil {
			c.complain("%s: %s", a, text(err))
		}
		r.Close()
	}
}

func cat(c *call) {
	f := c.parse("nu", "number=n")
	line := 0
	c.each(func(_ string, r io.Reader) error {
		if !f.has('n') {
			// What is read is passed on at once: it may come from a person.
			buf := make([]byte, 64<<10)
			for {
				n, err := r.Read(buf)
				if n > 0 {
					if _, werr := c.out.Write(buf[:n]); werr != nil {
						return werr
					}
					if werr := c.out.Flush(); werr != nil {
						return werr
					}
				}
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
			}
		}
		return eachLine(r, func(l string) bool {
			line++
			c.printf("%6d\t%s", line, l)
			return true
		})
	})
}

type copier struct {
	c *call
	f *flags
	// prompts and problems name this verb
	move bool
}

func cp(c *call) {
	k := &copier{c: c, f: c.parse("aRrdpfivnTLPHl", "archive=a", "recursive=R", "preserve=p", "force=f", "verbose=v", "no-clobber=n")}
	c.operands(2, -1)
	k.targets(func(src, dst string) { k.copy(src, dst, 0) })
}

func mv(c *call) {
	k := &copier{c: c, f: c.parse("fivnT", "force=f", "verbose=v", "no-clobber=n"), move: true}
	c.operands(2, -1)
	k.targets(k.rename)
}

// targets pairs each source with its destination: the last operand, or a name inside it.
func (k *copier) targets(do func(src, dst string)) {
	last := k.c.args[len(k.c.args)-1]
	sources := k.c.args[:len(k.c.args)-1]
	st, err := os.Stat(last)
	into := err == nil && st.IsDir() && !k.f.has('T')
	if !into && len(sources) > 1 {
		k.c.fail("target '%s' is not a directory", last)
	}
	for _, s := range sources {
		dst := last
		if into {
			dst = filepath.Join(last, filepath.Base(s))
		}
		do(s, dst)
	}
}

func (k *copier) keeps(dst string) bool {
	_, err := os.Lstat(dst)
	return err == nil && k.f.has('n')
}

func (k *copier) rename(src, dst string) {
	if k.keeps(dst) {
		return
	}
	err := os.Rename(src, dst)
	if errors.Is(err, syscall.EXDEV) {
		// Another file system: copy with everything, then remove.
		for _, o := range "ap" {
			k.f.count[o] = 1
		}
		before := k.c.code
		k.c.code = 0
		k.copy(src, dst, 0)
		if k.c.code == 0 {
			err = os.RemoveAll(src)
			k.c.code = before
		} else {
			return
		}
	}
	if err != nil {
		k.c.complain("cannot move '%s' to '%s': %s", src, dst, text(err))
	} else if k.f.has('v') {
		k.c.printf("renamed '%s' -> '%s'\n", src, dst)
	}
}

func (k *copier) copy(src, dst string, depth int) {
	deep := k.f.has('a') || k.f.has('R') || k.f.has('r')
	stat := os.Stat
	if k.f.has('a') || k.f.has('d') || k.f.has('P') || deep && !k.f.has('L') {
		stat = os.Lstat
	}
	st, err := stat(src)
	if err != nil {
		k.c.complain("cannot stat '%s': %s", src, text(err))
		return
	}
	if to, err := os.Stat(dst); err == nil && os.SameFile(st, to) && st.Mode()&fs.ModeSymlink == 0 {
		k.c.complain("'%s' and '%s' are the same file", src, dst)
		return
	}
	if st.IsDir() && !deep {
		k.c.complain("-r not specified; omitting directory '%s'", src)
		return
	}
	if !st.IsDir() && k.keeps(dst) {
		return
	}
	if st.IsDir() && depth == 0 {
		s, e1 := filepath.Abs(src)
		d, e2 := filepath.Abs(dst)
		if e1 == nil && e2 == nil && strings.HasPrefix(d+"/", s+"/") {
			k.c.complain("cannot copy a directory, '%s', into itself, '%s'", src, dst)
			return
		}
	}
	if err := k.one(src, dst, st, depth); err != nil {
		k.c.complain("cannot create '%s': %s", dst, text(err))
		return
	}
	if k.f.has('v') {
		k.c.printf("'%s' -> '%s'\n", src, dst)
	}
	if k.f.has('a') || k.f.has('p') {
		k.preserve(dst, st)
	}
}

func (k *copier) one(src, dst string, st fs.FileInfo, depth int) error {
	sys := st.Sys().(*syscall.Stat_t)
	switch m := st.Mode(); {
	case k.f.has('l') && !m.IsDir():
		return os.Link(src, dst)
	case m.IsDir():
		if err := os.Mkdir(dst, m.Perm()|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		entries, err := os.ReadDir(src)
		if err != nil {
			return err
		}
		for _, e := range entries {
			k.copy(filepath.Join(src, e.Name()), filepath.Join(dst, e.Name()), depth+1)
		}
		if !k.f.has('a') && !k.f.has('p') {
			return nil
		}
		return os.Chmod(dst, m.Perm())
	case m&fs.ModeSymlink != 0:
		to, err := os.Readlink(src)
		if err != nil {
			return err
		}
		err = os.Symlink(to, dst)
		if errors.Is(err, fs.ErrExist) && os.Remove(dst) == nil {
			err = os.Symlink(to, dst)
		}
		return err
	case !m.IsRegular() && (k.f.has('a') || k.f.has('R') || k.f.has('r')):
		return unix.Mknod(dst, sys.Mode, int(sys.Rdev))
	}
	return k.contents(src, dst, st.Mode().Perm())
}

func (k *copier) contents(src, dst string, perm fs.FileMode) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil && (k.f.has('f') || k.move) && os.Remove(dst) == nil {
		out, err = os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	}
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func (k *copier) preserve(dst string, st fs.FileInfo) {
	sys := st.Sys().(*syscall.Stat_t)
	os.Lchown(dst, int(sys.Uid), int(sys.Gid))
	if st.Mode()&fs.ModeSymlink == 0 {
		unix.Chmod(dst, sys.Mode&0o7777)
	}
	ts := []unix.Timespec{{Sec: sys.Atim.Sec, Nsec: sys.Atim.Nsec}, {Sec: sys.Mtim.Sec, Nsec: sys.Mtim.Nsec}}
	unix.UtimesNanoAt(unix.AT_FDCWD, dst, ts, unix.AT_SYMLINK_NOFOLLOW)
}
