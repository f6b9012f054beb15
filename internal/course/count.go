package course

import (
	"fmt"
	"strconv"
	"strings"
)

// count is a number of things, or a bound for it.
type count struct {
	op string // "", ">=", "<=", ">", "<"
	n  int64
}

func parseCount(s string) (count, error) {
	var c count
	s = strings.TrimSpace(s)
	for _, op := range [...]string{">=", "<=", ">", "<"} {
		if rest, ok := strings.CutPrefix(s, op); ok {
			c.op, s = op, strings.TrimSpace(rest)
			break
		}
	}
	n, err := parseBytes(s)
	c.n = n
	return c, err
}

func (c count) holds(n int64) bool {
	switch c.op {
	case ">=":
		return n >= c.n
	case "<=":
		return n <= c.n
	case ">":
		return n > c.n
	case "<":
		return n < c.n
	}
	return n == c.n
}

// String says it in words: "3", "at least 2".
func (c count) String() string {
	word := map[string]string{">=": "at least ", "<=": "at most ", ">": "more than ", "<": "less than "}[c.op]
	return word + strconv.FormatInt(c.n, 10)
}

// plural says "1 process", "2 processes".
func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
