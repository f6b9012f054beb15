package box

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// finder holds the expression of find(1) as a function, and the file it is asked about.
type finder struct {
	c        *call
	args     []string
	maxDepth int
	minDepth int
	deep     bool // -depth: contents first
	oneFS    bool
	acted    bool
	path     string
	st       fs.FileInfo
	prune    bool
	batches  []*batch
}

type batch struct {
	argv  []string
	paths []string
}

type test func() bool

func findCmd(c *call) {
	f := &finder{c: c, maxDepth: 1 << 30}
	i := 0
	for i < len(c.args) && (c.args[i] == "" || strings.IndexByte("-!(", c.args[i][0]) < 0) {
		i++
	}
	roots := c.args[:i]
	if len(roots) == 0 {
		roots = []string{"."}
	}
	f.args = c.args[i:]
	expr := test(func() bool { return true })
	if len(f.args) > 0 {
		expr = f.or()
		if len(f.args) > 0 {
			c.fail("unexpected argument '%s'", f.args[0])
		}
	}
	for _, r := range roots {
		st, err := os.Lstat(r)
		if err != nil {
			c.complain("'%s': %s", r, text(err))
			continue
		}
		f.visit(r, st, 0, st, expr)
	}
	for _, b := range f.batches {
		if len(b.paths) > 0 {
			f.execute(append(b.argv, b.paths...))
		}
	}
}

func (f *finder) visit(path string, st fs.FileInfo, depth int, root fs.FileInfo, expr test) {
	apply := func() {
		if depth < f.minDepth {
			return
		}
		f.path, f.st = path, st
		if expr() && !f.acted {
			f.c.printf("%s\n", path)
		}
	}
	f.prune = false
	if !f.deep {
		apply()
	}
	otherFS := f.oneFS && st.Sys().(*syscall.Stat_t).Dev != root.Sys().(*syscall.Stat_t).Dev
	if st.IsDir() && depth < f.maxDepth && !f.prune && !otherFS {
		entries, err := os.ReadDir(path)
		if err != nil {
			f.c.complain("'%s': %s", path, text(err))
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil {
				f.visit(strings.TrimSuffix(path, "/")+"/"+e.Name(), info, depth+1, root, expr)
			}
		}
	}
	if f.deep {
		apply()
	}
}

func (f *finder) next() string {
	if len(f.args) == 0 {
		f.c.fail("an argument is missing")
	}
	a := f.args[0]
	f.args = f.args[1:]
	return a
}

func (f *finder) or() test {
	x := f.and()
	for len(f.args) > 0 && (f.args[0] == "-o" || f.args[0] == "-or") {
		f.next()
		a, b := x, f.and()
		x = func() bool { return a() || b() }
	}
	return x
}

func (f *finder) and() test {
	x := f.not()
	for len(f.args) > 0 && f.args[0] != "-o" && f.args[0] != "-or" && f.args[0] != ")" {
		if f.args[0] == "-a" || f.args[0] == "-and" {
			f.next()
		}
		a, b := x, f.not()
		x = func() bool { return a() && b() }
	}
	return x
}

func (f *finder) not() test {
	if len(f.args) > 0 && (f.args[0] == "!" || f.args[0] == "-not") {
		f.next()
		x := f.not()
		return func() bool { return !x() }
	}
	return f.primary()
}
