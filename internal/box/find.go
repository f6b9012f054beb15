package box

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/container-labs/lab/internal/box/sh"
)

// walk visits a tree, parents first, without following links.
func walk(root string, visit func(path string, isDir bool)) {
	filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if d != nil {
			visit(p, d.IsDir())
		}
		if err != nil && d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

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

func (f *finder) exec() test {
	f.acted = true
	var argv []string
	for {
		a := f.next()
		if a == ";" {
			break
		}
		if a == "+" && len(argv) > 0 && argv[len(argv)-1] == "{}" {
			b := &batch{argv: argv[: len(argv)-1 : len(argv)-1]}
			f.batches = append(f.batches, b)
			return func() bool {
				if b.paths = append(b.paths, f.path); len(b.paths) >= 1000 {
					f.execute(append(b.argv, b.paths...))
					b.paths = nil
				}
				return true
			}
		}
		argv = append(argv, a)
	}
	return func() bool {
		run := make([]string, len(argv))
		for i, a := range argv {
			run[i] = strings.ReplaceAll(a, "{}", f.path)
		}
		return f.execute(run)
	}
}

func (f *finder) execute(argv []string) bool { return f.c.spawn(argv, nil) == 0 }

// spawn runs a program to its end and gives its status; 127 and 126 as the shell has them.
func (c *call) spawn(argv, env []string) int {
	c.out.Flush()
	if len(argv) == 0 {
		return 0
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, env
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		ws := exit.Sys().(syscall.WaitStatus)
		if ws.Signaled() {
			return 128 + int(ws.Signal())
		}
		return ws.ExitStatus()
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		c.complain("%s: No such file or directory", argv[0])
		return 127
	}
	c.complain("%s: %s", argv[0], text(err))
	return 126
}

func xargs(c *call) {
	f := c.parse("+0rtn:I:P:L:d:", "null=0", "no-run-if-empty=r", "max-args=n", "replace=I", "max-procs=P")
	argv := c.args
	if len(argv) == 0 {
		argv = []string{"echo"}
	}
	n := c.number(f.value('n', f.value('L', "1000")))
	if f.has('I') {
		n = 1
	}
	var items []string
	status, ran := 0, false
	run := func() {
		var full []string
		if rep := f.value('I', ""); rep != "" {
			for _, a := range argv {
				full = append(full, strings.ReplaceAll(a, rep, strings.Join(items, "")))
			}
		} else {
			full = append(append(full, argv...), items...)
		}
		items, ran = nil, true
		if f.has('t') {
			c.err.Write([]byte(strings.Join(full, " ") + "\n"))
		}
		switch code := c.spawn(full, nil); {
		case code == 255:
			c.fail("%s: exited with status 255; aborting", argv[0])
		case code >= 126:
			status = max(status, code)
		case code != 0:
			status = max(status, 123)
		}
	}
	bytes := 0
	readItems(bufio.NewReader(c.in), f, func(s string) {
		items = append(items, s)
		if bytes += len(s) + 1; len(items) >= n || bytes > 100<<10 {
			run()
			bytes = 0
		}
	})
	if len(items) > 0 || !ran && !f.has('r') && !f.has('I') {
		run()
	}
	c.code = status
}

// readItems splits the input of xargs: at NUL, at lines, or at blanks with quotes.
func readItems(br *bufio.Reader, f *flags, item func(string)) {
	var cur []byte
	has := false
	var quote byte
	end := func() {
		if has {
			item(string(cur))
		}
		cur, has = nil, false
	}
	sep := byte(0)
	whole := f.has('0') || f.has('d')
	if d := f.value('d', ""); d != "" {
		sep = trEscape(d)[0]
	}
	for {
		b, err := br.ReadByte()
		if err != nil {
			end()
			return
		}
		switch {
		case whole:
			if b == sep {
				end()
				continue
			}
		case quote != 0:
			if b == quote {
				quote = 0
				continue
			}
		case b == '\n', (b == ' ' || b == '\t') && (!f.has('I') || !has):
			end()
			continue
		case b == '\'' || b == '"':
			quote, has = b, true
			continue
		case b == '\\':
			if b, err = br.ReadByte(); err != nil {
				continue
			}
		}
		cur, has = append(cur, b), true
	}
}
