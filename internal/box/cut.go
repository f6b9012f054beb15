package box

import (
	"io"
	"strings"
	"unicode/utf8"
)

func cut(c *call) {
	f := c.parse("f:d:c:b:s", "fields=f", "delimiter=d", "characters=c", "bytes=b", "only-delimited=s")
	spec := f.value('f', f.value('c', f.value('b', "")))
	if spec == "" {
		c.misuse("you must specify a list of bytes, characters, or fields")
	}
	in := ranges(c, spec)
	delim := f.value('d', "\t")
	c.each(func(_ string, r io.Reader) error {
		return eachLine(r, func(l string) bool {
			l = strings.TrimSuffix(l, "\n")
			var parts []string
			sep := ""
			switch {
			case f.has('f'):
				if !strings.Contains(l, delim) {
					if !f.has('s') {
						c.printf("%s\n", l)
					}
					return true
				}
				parts, sep = strings.Split(l, delim), delim
			case f.has('b') || !utf8.ValidString(l):
				for i := range len(l) {
					parts = append(parts, l[i:i+1])
				}
			default:
				parts = strings.Split(l, "")
			}
			var keep []string
			for i, p := range parts {
				if in(i + 1) {
					keep = append(keep, p)
				}
			}
			c.printf("%s\n", strings.Join(keep, sep))
			return true
		})
	})
}

// ranges reads "1,3-5,7-" as a test of numbers.
func ranges(c *call, spec string) func(int) bool {
	var list [][2]int
	for part := range strings.SplitSeq(spec, ",") {
		a, b, isRange := strings.Cut(part, "-")
		lo, hi := 1, 1<<31-1
		if a != "" {
			lo = c.number(a)
		}
		if !isRange {
			hi = lo
		} else if b != "" {
			hi = c.number(b)
		}
		if lo < 1 || hi < lo {
			c.fail("invalid range '%s'", part)
		}
		list = append(list, [2]int{lo, hi})
	}
	return func(n int) bool {
		for _, r := range list {
			if n >= r[0] && n <= r[1] {
				return true
			}
		}
		return false
	}
}
