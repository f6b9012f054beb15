package box

import "bufio"

func cmp(c *call) {
	f := c.parse("sl", "quiet=s", "silent=s")
	c.operands(2, 2)
	a, ok1 := c.open(c.args[0])
	b, ok2 := c.open(c.args[1])
	if !ok1 || !ok2 {
		c.exit(2)
	}
	x, y := bufio.NewReader(a), bufio.NewReader(b)
	line := 1
	for n := 1; ; n++ {
		p, e1 := x.ReadByte()
		q, e2 := y.ReadByte()
		if e1 != nil && e2 != nil {
			return
		}
		if e1 != nil || e2 != nil {
			short := c.args[0]
			if e2 != nil {
				short = c.args[1]
			}
			if !f.has('s') {
				c.complain("EOF on %s", short)
			}
			c.exit(1)
		}
		if p != q {
			if !f.has('s') {
				c.printf("%s %s differ: char %d, line %d\n", c.args[0], c.args[1], n, line)
			}
			c.exit(1)
		}
		if p == '\n' {
			line++
		}
	}
}
