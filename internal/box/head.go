package box

import (
	"errors"
	"io"
)

func head(c *call) {
	c.oldNumber()
	f := c.parse("n:c:qv", "lines=n", "bytes=c")
	many := len(c.args) > 1
	n := c.number(f.value('n', "10"))
	first := true
	c.each(func(name string, r io.Reader) error {
		if many && !f.has('q') || f.has('v') {
			if !first {
				c.printf("\n")
			}
			c.printf("==> %s <==\n", name)
		}
		first = false
		if f.has('c') {
			_, err := io.CopyN(c.out, r, c.bytes(f.value('c', "")))
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return err
		}
		if n < 0 {
			var keep []string
			return eachLine(r, func(l string) bool {
				if keep = append(keep, l); len(keep) > -n {
					c.out.WriteString(keep[0])
					keep = keep[1:]
				}
				return true
			})
		}
		left := n
		if left == 0 {
			return nil
		}
		return eachLine(r, func(l string) bool {
			_, err := c.out.WriteString(l)
			left--
			return left > 0 && err == nil
		})
	})
}

// oldNumber turns the old "-5" of head and tail into "-n 5".
func (c *call) oldNumber() {
	for i, a := range c.args {
		if i > 0 && (c.args[i-1] == "-n" || c.args[i-1] == "-c") {
			continue // this is its value
		}
		if len(a) > 1 && a[0] == '-' && a[1] >= '0' && a[1] <= '9' {
			c.args[i] = "-n" + a[1:]
		} else if a == "--" || len(a) > 0 && a[0] != '-' {
			return
		}
	}
}
