package box

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/container-labs/lab/internal/box/sh"
)

func (f *finder) primary() test {
	always := test(func() bool { return true })
	switch a := f.next(); a {
	case "(":
		x := f.or()
		if f.next() != ")" {
			f.c.fail("missing )")
		}
		return x
	case "-maxdepth":
		f.maxDepth = f.c.number(f.next())
		return always
	case "-mindepth":
		f.minDepth = f.c.number(f.next())
		return always
	case "-depth":
		f.deep = true
		return always
	case "-xdev", "-mount":
		f.oneFS = true
		return always
	case "-name", "-iname", "-path":
		p := f.next()
		return func() bool {
			s := filepath.Base(f.path)
			if a == "-path" {
				s = f.path
			}
			if a == "-iname" {
				return sh.Match(strings.ToLower(p), strings.ToLower(s))
			}
			return sh.Match(p, s)
		}
	case "-type":
		kinds := f.next()
		return func() bool {
			k := strings.Replace(modeString(f.st.Sys().(*syscall.Stat_t).Mode)[:1], "-", "f", 1)
			return strings.Contains(kinds, k)
		}
	case "-size", "-mtime", "-mmin", "-links", "-uid", "-gid":
		return f.numeric(a, f.next())
	case "-user", "-group":
		db := users()
		if a == "-group" {
			db = groups()
		}
		name := f.next()
		id, ok := db.id(name)
		if !ok {
			f.c.fail("'%s' is not the name of a known user or group", name)
		}
		return func() bool {
			s := f.st.Sys().(*syscall.Stat_t)
			return a == "-user" && int(s.Uid) == id || a == "-group" && int(s.Gid) == id
		}
	case "-perm":
		p := f.next()
		mode, ok := parseMode(strings.TrimLeft(p, "-/"), 0, false)
		if !ok {
			f.c.fail("invalid mode '%s'", p)
		}
		return func() bool {
			m := f.st.Sys().(*syscall.Stat_t).Mode & 0o7777
			switch p[0] {
			case '-':
				return m&mode == mode
			case '/':
				return m&mode != 0
			}
			return m == mode
		}
	case "-newer":
		st, err := os.Stat(f.next())
		if err != nil {
			f.c.fail("%s", text(err))
		}
		return func() bool { return f.st.ModTime().After(st.ModTime()) }
	case "-empty":
		return func() bool {
			if !f.st.IsDir() {
				return f.st.Mode().IsRegular() && f.st.Size() == 0
			}
			e, err := os.ReadDir(f.path)
			return err == nil && len(e) == 0
		}
	case "-prune":
		return func() bool { f.prune = true; return true }
	case "-print", "-print0":
		f.acted = true
		return func() bool {
			end := "\n"
			if a == "-print0" {
				end = "\x00"
			}
			f.c.printf("%s%s", f.path, end)
			return true
		}
	case "-ls":
		f.acted = true
		return func() bool {
			f.c.printf("%s %s\n", modeString(f.st.Sys().(*syscall.Stat_t).Mode), f.path)
			return true
		}
	case "-delete":
		f.acted, f.deep = true, true
		return func() bool {
			if err := os.Remove(f.path); err != nil {
				f.c.complain("cannot delete '%s': %s", f.path, text(err))
				return false
			}
			return true
		}
	case "-exec":
		return f.exec()
	case "-true":
		return always
	default:
		f.c.fail("unrecognized: %s", a)
		return nil
	}
}

func (f *finder) numeric(what, spec string) test {
	body := strings.TrimLeft(spec, "+-")
	unit := int64(512)
	if what == "-size" && body != "" {
		if i := strings.IndexByte("cbkMG", body[len(body)-1]); i >= 0 {
			unit = []int64{1, 512, 1 << 10, 1 << 20, 1 << 30}[i]
			body = body[:len(body)-1]
		}
	}
	want, err := strconv.ParseInt(body, 10, 64)
	if err != nil {
		f.c.fail("invalid number '%s'", spec)
	}
	return func() bool {
		s := f.st.Sys().(*syscall.Stat_t)
		var got int64
		switch what {
		case "-size":
			got = (f.st.Size() + unit - 1) / unit
		case "-mtime":
			got = int64(time.Since(f.st.ModTime()) / (24 * time.Hour))
		case "-mmin":
			got = int64(time.Since(f.st.ModTime()) / time.Minute)
		case "-links":
			got = int64(s.Nlink)
		case "-uid":
			got = int64(s.Uid)
		case "-gid":
			got = int64(s.Gid)
		}
		switch spec[0] {
		case '+':
			return got > want
		case '-':
			return got < want
		}
		return got == want
	}
}
