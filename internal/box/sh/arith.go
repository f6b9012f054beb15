package sh

import (
	"fmt"
	"strconv"
	"strings"
)

// arith evaluates an expression of $((…)): the operators of C on 64-bit integers.
func (s *Shell) arith(text string) (n int64, err error) {
	if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil && !strings.HasPrefix(strings.TrimLeft(text, " -+"), "0") {
		return n, nil
	}
	a := &arithmetic{s: s, src: text}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case arithError:
			err = e
		default:
			panic(e)
		}
	}()
	a.space()
	if a.pos == len(a.src) {
		return 0, nil
	}
	n = a.comma()
	if a.pos < len(a.src) {
		a.fail("unexpected %q", a.src[a.pos:])
	}
	return n, nil
}

type arithError struct{ error }

// arithmetic is the reader of one expression; with skip set it reads without effect (&&, ||, ?:).
type arithmetic struct {
	s     *Shell
	src   string
	pos   int
	depth int
	skip  bool
}

func (a *arithmetic) fail(format string, v ...any) { panic(arithError{fmt.Errorf(format, v...)}) }

func (a *arithmetic) space() {
	for a.pos < len(a.src) && strings.IndexByte(" \t\n\r", a.src[a.pos]) >= 0 {
		a.pos++
	}
}

func (a *arithmetic) comma() int64 {
	n := a.assign()
	for a.op(",") {
		n = a.assign()
	}
	return n
}

func (a *arithmetic) ternary() int64 {
	c := a.level(0)
	if !a.op("?") {
		return c
	}
	skip := a.skip
	a.skip = skip || c == 0
	x := a.assign()
	if !a.op(":") {
		a.fail("expected ':'")
	}
	a.skip = skip || c != 0
	y := a.assign()
	a.skip = skip
	if c != 0 {
		return x
	}
	return y
}
