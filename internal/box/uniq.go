package box

import (
	"io"
	"os"
	"strings"
)

func uniq(c *call) {
	f := c.parse("cdui", "count=c", "repeated=d", "unique=u", "ignore-case=i")
	c.operands(0, 2)
	if len(c.args) == 2 {
		out, err := os.Create(c.args[1])
		if err != nil {
			c.fail("%s: %s", c.args[1], text(err))
		}
		defer out.Close()
		c.out.Reset(out)
		defer c.out.Flush()
		c.args = c.args[:1]
	}
	last, n := "", 0
	flush := func() {
		if n == 0 || f.has('d') && n < 2 || f.has('u') && n > 1 {
			return
		}
		if f.has('c') {
			c.printf("%7d ", n)
		}
		c.printf("%s\n", last)
	}
	c.each(func(_ string, r io.Reader) error {
		return eachLine(r, func(l string) bool {
			l = strings.TrimSuffix(l, "\n")
			if n > 0 && (l == last || f.has('i') && strings.EqualFold(l, last)) {
				n++
				return true
			}
			flush()
			last, n = l, 1
			return true
		})
	})
	flush()
}
