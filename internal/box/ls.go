package box

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

type lister struct {
	c       *call
	f       *flags
	users   *accounts
	groups  *accounts
	columns int
}

type listed struct {
	name string
	path string
	fs.FileInfo
	sys *syscall.Stat_t
}

func ls(c *call) {
	l := &lister{c: c, users: users(), groups: groups()}
	l.f = c.parse("1aAdFhilnrRsStuUcC", "all=a", "almost-all=A", "directory=d", "human-readable=h", "inode=i", "recursive=R", "reverse=r")
	if n, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); err == nil && !l.f.has('1') {
		l.columns = max(int(n.Col), 20)
	} else if l.f.has('C') {
		l.columns = 80
	}
	if len(c.args) == 0 {
		c.args = []string{"."}
	}
	var files, dirs []listed
	for _, a := range c.args {
		e, err := l.stat(a, a)
		if err != nil {
			c.complain("cannot access '%s': %s", a, text(err))
			c.code = 2
			continue
		}
		target := e
		if !l.long() && e.Mode()&fs.ModeSymlink != 0 {
			if st, err := os.Stat(a); err == nil {
				target.FileInfo = st
			}
		}
		if target.IsDir() && !l.f.has('d') {
			dirs = append(dirs, e)
		} else {
			files = append(files, e)
		}
	}
	l.sort(files)
	l.sort(dirs)
	l.print(files)
	for i, d := range dirs {
		if len(files) > 0 || i > 0 {
			c.printf("\n")
		}
		l.dir(d.path, len(c.args) > 1 || l.f.has('R'))
	}
}

func (l *lister) long() bool { return l.f.has('l') || l.f.has('n') }

func (l *lister) stat(name, path string) (listed, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return listed{}, err
	}
	return listed{name, path, st, st.Sys().(*syscall.Stat_t)}, nil
}

func (l *lister) dir(path string, title bool) {
	entries, err := os.ReadDir(path)
	if err != nil {
		l.c.complain("cannot open directory '%s': %s", path, text(err))
		l.c.code = 2
		return
	}
	if title {
		l.c.printf("%s:\n", path)
	}
	var list []listed
	add := func(name string) {
		if e, err := l.stat(name, filepath.Join(path, name)); err == nil {
			list = append(list, e)
		} else {
			l.c.complain("cannot access '%s': %s", filepath.Join(path, name), text(err))
		}
	}
	if l.f.has('a') {
		add(".")
		add("..")
	}
	for _, e := range entries {
		if e.Name()[0] != '.' || l.f.has('a') || l.f.has('A') {
			add(e.Name())
		}
	}
	l.sort(list)
	if l.long() || l.f.has('s') {
		var blocks int64
		for _, e := range list {
			blocks += e.sys.Blocks
		}
		total := strconv.FormatInt(blocks/2, 10)
		if l.f.has('h') {
			total = human(uint64(blocks) * 512)
		}
		l.c.printf("total %s\n", total)
	}
	l.print(list)
	if !l.f.has('R') {
		return
	}
	for _, e := range list {
		if e.IsDir() && e.name != "." && e.name != ".." {
			l.c.printf("\n")
			sub := path + "/" + e.name
			l.dir(sub, true)
		}
	}
}

func (l *lister) sort(list []listed) {
	if l.f.has('U') {
		return
	}
	slices.SortStableFunc(list, func(a, b listed) int {
		r := 0
		switch {
		case l.f.has('S'):
			r = int(max(min(b.Size()-a.Size(), 1), -1))
		case l.f.has('t'):
			r = l.time(b).Compare(l.time(a))
		}
		if r == 0 {
			r = strings.Compare(a.name, b.name)
		}
		if l.f.has('r') {
			return -r
		}
		return r
	})
}
