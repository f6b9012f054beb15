package sh

import (
	"errors"
	"strconv"
	"strings"
)

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
