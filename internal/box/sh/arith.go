package sh

import (
	"errors"
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

// op consumes an operator, unless it is only the start of one of the longer ones given.
func (a *arithmetic) op(op string, longer ...string) bool {
	if !strings.HasPrefix(a.src[a.pos:], op) {
		return false
	}
	for _, l := range longer {
		if strings.HasPrefix(a.src[a.pos:], l) {
			return false
		}
	}
	a.pos += len(op)
	a.space()
	return true
}

func (a *arithmetic) comma() int64 {
	n := a.assign()
	for a.op(",") {
		n = a.assign()
	}
	return n
}

func (a *arithmetic) assign() int64 {
	if a.depth++; a.depth > 200 {
		a.fail("nested too deep")
	}
	defer func() { a.depth-- }()
	start := a.pos
	if name := a.name(); name != "" {
		for _, op := range [...]string{"<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="} {
			if !a.op(op, "==") {
				continue
			}
			v := a.assign()
			if op != "=" {
				v = a.binary(op[:len(op)-1], a.load(name), v)
			}
			a.store(name, v)
			return v
		}
	}
	a.pos = start
	return a.ternary()
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

var arithLevels = [...][]string{
	{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"},
}

func (a *arithmetic) level(l int) int64 {
	if l == len(arithLevels) {
		return a.unary()
	}
	x := a.level(l + 1)
next:
	for {
		for _, op := range arithLevels[l] {
			if !a.op(op, a.longer(op)...) {
				continue
			}
			skip := a.skip
			a.skip = skip || op == "&&" && x == 0 || op == "||" && x != 0
			y := a.level(l + 1)
			a.skip = skip
			x = a.binary(op, x, y)
			continue next
		}
		return x
	}
}

// longer names the operators that begin with op and mean something else.
func (a *arithmetic) longer(op string) []string {
	switch op {
	case "|":
		return []string{"||", "|="}
	case "&":
		return []string{"&&", "&="}
	case "<":
		return []string{"<<"}
	case ">":
		return []string{">>"}
	case "+", "-", "*", "/", "%", "^", "<<", ">>":
		return []string{op + "="}
	}
	return nil
}

func (a *arithmetic) binary(op string, x, y int64) int64 {
	bit := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	switch op {
	case "||":
		return bit(x != 0 || y != 0)
	case "&&":
		return bit(x != 0 && y != 0)
	case "|":
		return x | y
	case "^":
		return x ^ y
	case "&":
		return x & y
	case "==":
		return bit(x == y)
	case "!=":
		return bit(x != y)
	case "<=":
		return bit(x <= y)
	case ">=":
		return bit(x >= y)
	case "<":
		return bit(x < y)
	case ">":
		return bit(x > y)
	case "<<":
		return x << (uint64(y) & 63)
	case ">>":
		return x >> (uint64(y) & 63)
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	if y == 0 {
		if a.skip {
			return 0
		}
		a.fail("divide by zero")
	}
	if y == -1 { // the smallest integer has no positive twin
		if op == "%" {
			return 0
		}
		return -x
	}
	if op == "%" {
		return x % y
	}
	return x / y
}

func (a *arithmetic) unary() int64 {
	if a.depth++; a.depth > 200 {
		a.fail("nested too deep")
	}
	defer func() { a.depth-- }()
	switch {
	case a.op("++"), a.op("--"):
		op := strings.TrimRight(a.src[:a.pos], " \t\n\r")
		name := a.name()
		if name == "" {
			// --x of a number is two signs.
			return a.unary()
		}
		v := a.load(name) + 1
		if strings.HasSuffix(op, "--") {
			v -= 2
		}
		a.store(name, v)
		return v
	case a.op("!"):
		if a.unary() == 0 {
			return 1
		}
		return 0
	case a.op("~"):
		return ^a.unary()
	case a.op("-"):
		return -a.unary()
	case a.op("+"):
		return a.unary()
	case a.op("("):
		n := a.comma()
		if !a.op(")") {
			a.fail("expected ')'")
		}
		return n
	}
	if name := a.name(); name != "" {
		v := a.load(name)
		if a.op("++") {
			a.store(name, v+1)
		} else if a.op("--") {
			a.store(name, v-1)
		}
		return v
	}
	start := a.pos
	for a.pos < len(a.src) && nameByte(a.src[a.pos]) {
		a.pos++
	}
	if start == a.pos {
		a.fail("expected a number")
	}
	n, err := number(a.src[start:a.pos])
	if err != nil {
		a.fail("bad number %q", a.src[start:a.pos])
	}
	a.space()
	return n
}

// number reads 10, 010, 0x10 and base#digits.
func number(t string) (int64, error) {
	if base, digits, ok := strings.Cut(t, "#"); ok {
		b, err := strconv.Atoi(base)
		if err != nil {
			return 0, err
		}
		return strconv.ParseInt(digits, b, 64)
	}
	if len(t) > 1 && t[0] == '0' {
		if len(t) > 2 && t[1]|0x20 == 'x' {
			n, err := strconv.ParseUint(t[2:], 16, 64)
			return int64(n), err
		}
		return strconv.ParseInt(t[1:], 8, 64)
	}
	n, err := strconv.ParseInt(t, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		u, e := strconv.ParseUint(t, 10, 64)
		return int64(u), e
	}
	return n, err
}

func (a *arithmetic) name() string {
	start := a.pos
	if a.pos < len(a.src) && nameStart(a.src[a.pos]) {
		for a.pos < len(a.src) && nameByte(a.src[a.pos]) {
			a.pos++
		}
	}
	name := a.src[start:a.pos]
	a.space()
	return name
}

func (a *arithmetic) load(name string) int64 {
	v, set := a.s.get(name)
	if !set && a.s.opt('u') && !a.skip {
		a.fail("%s: parameter not set", name)
	}
	v = strings.TrimSpace(v)
	if v == "" || a.skip {
		return 0
	}
	sign := int64(1)
	if v[0] == '-' {
		sign, v = -1, v[1:]
	}
	n, err := number(v)
	if err != nil {
		// A variable may hold an expression; the depth bounds one that holds itself.
		inner := &arithmetic{s: a.s, src: v, depth: a.depth + 20}
		if inner.depth > 200 {
			a.fail("nested too deep")
		}
		inner.space()
		n = inner.comma()
		if inner.pos < len(v) {
			a.fail("bad number %q", v)
		}
	}
	return sign * n
}

func (a *arithmetic) store(name string, v int64) {
	if !a.skip {
		a.s.mustSet(name, strconv.FormatInt(v, 10))
	}
}
