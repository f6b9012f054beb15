package box

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/box/sh"
)

func echo(c *call) { c.out.WriteString(sh.Echo(c.args)) }

func printf(c *call) {
	out, err := sh.Printf(c.args)
	c.out.WriteString(out)
	if err != nil {
		c.complain("%s", err)
	}
}

func yes(c *call) {
	line := "y\n"
	if len(c.args) > 0 {
		line = strings.Join(c.args, " ") + "\n"
	}
	for {
		if _, err := c.out.WriteString(line); err != nil {
			return
		}
	}
}

func seq(c *call) {
	for i, a := range c.args {
		if len(a) > 1 && a[0] == '-' && a[1] >= '0' && a[1] <= '9' {
			c.args = append(c.args[:i:i], append([]string{"--"}, c.args[i:]...)...)
			break
		}
		if len(a) == 0 || a[0] != '-' {
			break
		}
	}
	f := c.parse("+s:w", "separator=s", "equal-width=w")
	c.operands(1, 3)
	v := []float64{1, 1, 0}
	places := 0
	for i, a := range c.args {
		n, err := strconv.ParseFloat(a, 64)
		if err != nil {
			c.fail("invalid floating point argument: '%s'", a)
		}
		if _, frac, ok := strings.Cut(a, "."); ok {
			places = max(places, len(frac))
		}
		switch {
		case len(c.args) == 1:
			v[2] = n
		case len(c.args) == 2:
			v[i*2] = n
		default:
			v[i] = n
		}
	}
	if v[1] == 0 {
		c.fail("invalid Zero increment value")
	}
	width := 0
	if f.has('w') {
		width = max(len(strconv.FormatFloat(v[0], 'f', places, 64)), len(strconv.FormatFloat(v[2], 'f', places, 64)))
	}
	sep, any := f.value('s', "\n"), false
	for i := 0; ; i++ {
		x := v[0] + float64(i)*v[1]
		if v[1] > 0 && x > v[2]+1e-9 || v[1] < 0 && x < v[2]-1e-9 {
			break
		}
		if any {
			c.out.WriteString(sep)
		}
		any = true
		s := strconv.FormatFloat(x, 'f', places, 64)
		if _, err := c.out.WriteString(strings.Repeat("0", max(width-len(s), 0)) + s); err != nil {
			return
		}
	}
	if any {
		c.out.WriteString("\n")
	}
}

func tee(c *call) {
	f := c.parse("ai", "append=a")
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if f.has('a') {
		mode = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	outs := []io.Writer{os.Stdout}
	for _, a := range c.args {
		file, err := os.OpenFile(a, mode, 0o666)
		if err != nil {
			c.complain("%s: %s", a, text(err))
			continue
		}
		defer file.Close()
		outs = append(outs, file)
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := c.in.Read(buf)
		for _, o := range outs {
			if _, werr := o.Write(buf[:n]); werr != nil {
				c.code = 1
			}
		}
		if err != nil {
			return
		}
	}
}

func trueCmd(*call)    {}
func falseCmd(c *call) { c.code = 1 }

func testCmd(c *call) {
	ok, err := sh.Test(append([]string{c.name}, c.args...), nil)
	if err != nil {
		c.complain("%s", err)
		c.exit(2)
	}
	if !ok {
		c.code = 1
	}
}
