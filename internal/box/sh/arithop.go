package sh

import "strings"

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
