package box

import (
	"bufio"
	"strings"

	"github.com/container-labs/lab/internal/box/sh"
)

func tr(c *call) {
	f := c.parse("+cCdst", "complement=c", "delete=d", "squeeze-repeats=s")
	c.operands(1, 2)
	from := trSet(c, c.args[0])
	var to []rune
	if len(c.args) == 2 {
		to = trSet(c, c.args[1])
	}
	if len(c.args) < 2 && !f.has('d') && !f.has('s') {
		c.misuse("missing operand")
	}
	not := f.has('c') || f.has('C')
	index := func(r rune, set []rune) int {
		for i := len(set) - 1; i >= 0; i-- {
			if set[i] == r {
				return i
			}
		}
		return -1
	}
	squeeze := to
	if f.has('s') && len(to) == 0 {
		squeeze = from
	}
	br := bufio.NewReader(c.in)
	last := rune(-1)
	for {
		r, _, err := br.ReadRune()
		if err != nil {
			return
		}
		at := index(r, from)
		if not {
			if at < 0 {
				at = len(to) // the last of the second set
			} else {
				at = -1
			}
		}
		o := r
		if at >= 0 {
			if f.has('d') {
				continue
			}
			if len(to) > 0 {
				o = to[min(at, len(to)-1)]
			}
		}
		if f.has('s') && o == last && (index(o, squeeze) >= 0) != (not && len(to) == 0) {
			continue
		}
		last = o
		c.out.WriteRune(o)
		if r == '\n' && br.Buffered() == 0 {
			c.out.Flush()
		}
	}
}

// set reads the argument of tr: ranges, classes and escapes.
func trSet(c *call, s string) []rune {
	var out []rune
	r := []rune(trEscape(s))
	for i := 0; i < len(r); i++ {
		if r[i] == '[' && i+1 < len(r) && r[i+1] == ':' {
			if end := strings.Index(string(r[i:]), ":]"); end > 1 {
				name := string(r[i+2 : i+end])
				for x := rune(0); x < 128; x++ {
					if sh.Match("[[:"+name+":]]", string(x)) {
						out = append(out, x)
					}
				}
				i += end + 1
				continue
			}
		}
		if i+2 < len(r) && r[i+1] == '-' {
			if r[i+2] < r[i] {
				c.fail("range-endpoints of '%c-%c' are in reverse collating sequence order", r[i], r[i+2])
			}
			for x := r[i]; x <= r[i+2]; x++ {
				out = append(out, x)
			}
			i += 2
			continue
		}
		out = append(out, r[i])
	}
	return out
}

func trEscape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out, _ := sh.Printf([]string{strings.ReplaceAll(s, "%", "%%")})
	return out
}
