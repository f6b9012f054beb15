package sh

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func (s *Shell) test(args []string) {
	ok, err := Test(args, s.fds[:])
	switch {
	case err != nil:
		s.failed(2, "%s: %s", args[0], err)
	case ok:
		s.status = 0
	default:
		s.status = 1
	}
}

// Test evaluates test(1p), or [ with its closing bracket. fds maps descriptor numbers for -t.
func Test(args []string, fds []int) (bool, error) {
	if args[0] == "[" {
		if args[len(args)-1] != "]" {
			return false, errors.New("missing ]")
		}
		args = args[:len(args)-1]
	}
	t := &tester{args: args[1:], fds: fds}
	ok := t.evaluate()
	if t.err == nil && t.pos < len(t.args) {
		t.err = fmt.Errorf("%s: unexpected operator", t.args[t.pos])
	}
	return ok, t.err
}

type tester struct {
	args  []string
	pos   int
	fds   []int
	err   error
	depth int
}

// evaluate follows the rules by number of arguments, which make [ "$x" = "(" ] safe.
func (t *tester) evaluate() bool {
	a := t.args
	switch {
	case len(a) == 0:
		return false
	case len(a) == 1:
		t.pos = 1
		return a[0] != ""
	case len(a) == 2 && a[0] == "!":
		t.pos = 2
		return a[1] == ""
	case len(a) == 3 && isBinary(a[1]):
		t.pos = 3
		return t.binary(a[0], a[1], a[2])
	case len(a) == 4 && a[0] == "!" && isBinary(a[2]):
		t.pos = 4
		return !t.binary(a[1], a[2], a[3])
	}
	return t.or()
}

func (t *tester) next() string {
	if t.pos >= len(t.args) {
		if t.err == nil {
			t.err = errors.New("argument expected")
		}
		return ""
	}
	t.pos++
	return t.args[t.pos-1]
}

func (t *tester) peek() string {
	if t.pos < len(t.args) {
		return t.args[t.pos]
	}
	return ""
}

func (t *tester) or() bool {
	v := t.and()
	for t.peek() == "-o" {
		t.pos++
		w := t.and()
		v = v || w
	}
	return v
}

func (t *tester) and() bool {
	v := t.not()
	for t.peek() == "-a" {
		t.pos++
		w := t.not()
		v = v && w
	}
	return v
}

func (t *tester) not() bool {
	if t.depth++; t.depth > 1000 {
		t.err = errors.New("nested too deep")
		return false
	}
	defer func() { t.depth-- }()
	if t.peek() == "!" && t.pos+1 < len(t.args) {
		t.pos++
		return !t.not()
	}
	if t.peek() == "(" && !(t.pos+2 < len(t.args) && isBinary(t.args[t.pos+1])) {
		t.pos++
		v := t.or()
		if t.next() != ")" && t.err == nil {
			t.err = errors.New("closing paren expected")
		}
		return v
	}
	a := t.next()
	if t.err != nil {
		return false
	}
	if isBinary(t.peek()) && t.pos+1 < len(t.args) {
		op := t.next()
		return t.binary(a, op, t.next())
	}
	if len(a) == 2 && a[0] == '-' && strings.IndexByte("bcdefghkLnprsStuwxzOG", a[1]) >= 0 && t.pos < len(t.args) {
		return t.unary(a[1], t.next())
	}
	return a != ""
}

func isBinary(op string) bool {
	switch op {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

func (t *tester) number(v string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("%s: bad number", v)
	}
	return n
}

func (t *tester) binary(a, op, b string) bool {
	switch op {
	case "=", "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case ">":
		return a > b
	case "-nt", "-ot", "-ef":
		x, e1 := os.Stat(a)
		y, e2 := os.Stat(b)
		switch {
		case op == "-ef":
			return e1 == nil && e2 == nil && os.SameFile(x, y)
		case op == "-nt":
			return e1 == nil && (e2 != nil || x.ModTime().After(y.ModTime()))
		}
		return e2 == nil && (e1 != nil || x.ModTime().Before(y.ModTime()))
	}
	x, y := t.number(a), t.number(b)
	switch op {
	case "-eq":
		return x == y
	case "-ne":
		return x != y
	case "-lt":
		return x < y
	case "-le":
		return x <= y
	case "-gt":
		return x > y
	}
	return x >= y
}

func (t *tester) unary(op byte, a string) bool {
	switch op {
	case 'n':
		return a != ""
	case 'z':
		return a == ""
	case 't':
		fd := int(t.number(a))
		if fd >= 0 && fd < len(t.fds) {
			fd = t.fds[fd]
		}
		return fd >= 0 && isTerminal(fd)
	case 'r', 'w', 'x':
		mode := map[byte]uint32{'r': unix.R_OK, 'w': unix.W_OK, 'x': unix.X_OK}[op]
		return unix.Faccessat(unix.AT_FDCWD, a, mode, unix.AT_EACCESS) == nil
	}
	stat := os.Stat
	if op == 'h' || op == 'L' {
		stat = os.Lstat
	}
	st, err := stat(a)
	if err != nil {
		return false
	}
	sys := st.Sys().(*syscall.Stat_t)
	m := st.Mode()
	switch op {
	case 'f':
		return m.IsRegular()
	case 'd':
		return m.IsDir()
	case 's':
		return st.Size() > 0
	case 'h', 'L':
		return m&os.ModeSymlink != 0
	case 'p':
		return m&os.ModeNamedPipe != 0
	case 'S':
		return m&os.ModeSocket != 0
	case 'c':
		return m&os.ModeCharDevice != 0
	case 'b':
		return m&os.ModeDevice != 0 && m&os.ModeCharDevice == 0
	case 'u':
		return m&os.ModeSetuid != 0
	case 'g':
		return m&os.ModeSetgid != 0
	case 'k':
		return m&os.ModeSticky != 0
	case 'O':
		return int(sys.Uid) == os.Geteuid()
	case 'G':
		return int(sys.Gid) == os.Getegid()
	}
	return true // -e
}
