package box

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

func tail(c *call) {
	c.oldNumber()
	f := c.parse("n:c:fFqs:v", "lines=n", "bytes=c", "follow=f")
	spec := f.value('n', "10")
	fromStart := strings.HasPrefix(spec, "+")
	n := max(c.number(strings.TrimPrefix(strings.TrimPrefix(spec, "-"), "+")), 0)
	first, last := true, ""
	many := len(c.args) > 1 && !f.has('q')
	c.each(func(name string, r io.Reader) error {
		if many || f.has('v') {
			if !first {
				c.printf("\n")
			}
			c.printf("==> %s <==\n", name)
		}
		first, last = false, name
		if f.has('c') {
			b, err := io.ReadAll(r)
			keep := min(int(c.bytes(strings.TrimPrefix(f.value('c', ""), "-"))), len(b))
			c.out.Write(b[len(b)-keep:])
			return err
		}
		if fromStart {
			i := 0
			return eachLine(r, func(l string) bool {
				if i++; i >= n {
					c.out.WriteString(l)
				}
				return true
			})
		}
		var keep []string
		err := eachLine(r, func(l string) bool {
			if n == 0 {
				return true
			}
			if len(keep) == n {
				copy(keep, keep[1:])
				keep = keep[:n-1]
			}
			keep = append(keep, l)
			return true
		})
		for _, l := range keep {
			c.out.WriteString(l)
		}
		return err
	})
	if f.has('f') || f.has('F') {
		c.out.Flush()
		c.follow(last)
	}
}

// follow prints what is appended to a file; one that shrank is read again from its start.
func (c *call) follow(name string) {
	file, err := os.Open(name)
	if name == "-" || err != nil {
		return
	}
	defer file.Close()
	at, _ := file.Seek(0, io.SeekEnd)
	for {
		if st, err := file.Stat(); err == nil && st.Size() < at {
			at, _ = file.Seek(0, io.SeekStart)
		}
		n, err := io.Copy(c.out, file)
		at += n
		if ferr := c.out.Flush(); ferr != nil || err != nil && !errors.Is(err, io.EOF) {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
}
