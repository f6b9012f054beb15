package box

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

func wc(c *call) {
	f := c.parse("lwcmL", "lines=l", "words=w", "bytes=c", "chars=m")
	var total [4]int
	show := func(n [4]int, name string) {
		var cols []string
		all := !f.has('l') && !f.has('w') && !f.has('c') && !f.has('m') && !f.has('L')
		for i, l := range []byte("lwcm") {
			if f.has(l) || all && i < 3 {
				cols = append(cols, strconv.Itoa(n[i]))
			}
		}
		for i := range cols {
			if len(cols) > 1 || len(c.args) > 1 {
				cols[i] = strings.Repeat(" ", max(7-len(cols[i]), 0)) + cols[i]
			}
		}
		line := strings.Join(cols, " ")
		if name != "-" {
			line += " " + name
		}
		c.printf("%s\n", line)
	}
	named := len(c.args) > 0
	c.each(func(name string, r io.Reader) error {
		var n [4]int
		inWord := false
		br := bufio.NewReaderSize(r, 64<<10)
		for {
			ru, size, err := br.ReadRune()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					return err
				}
				break
			}
			n[2] += size
			n[3]++
			if ru == '\n' {
				n[0]++
			}
			space := ru == ' ' || ru >= '\t' && ru <= '\r'
			if !space && !inWord {
				n[1]++
			}
			inWord = !space
		}
		for i := range n {
			total[i] += n[i]
		}
		if !named {
			name = "-"
		}
		show(n, name)
		return nil
	})
	if len(c.args) > 1 {
		show(total, "total")
	}
}
