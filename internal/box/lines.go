package box

import (
	"bufio"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// eachLine calls do with every line, with its newline if it has one; do returns false to stop.
func eachLine(r io.Reader, do func(line string) bool) error {
	br := bufio.NewReaderSize(r, 32<<10)
	for {
		line, err := br.ReadString('\n')
		if line != "" && !do(line) {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
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

func sortCmd(c *call) {
	f := c.parse("nrufbhk:t:o:cs", "numeric-sort=n", "reverse=r", "unique=u", "human-numeric-sort=h", "key=k", "output=o")
	var lines []string
	c.each(func(_ string, r io.Reader) error {
		return eachLine(r, func(l string) bool {
			lines = append(lines, strings.TrimSuffix(l, "\n"))
			return true
		})
	})
	keys := f.values['k']
	cmp := func(a, b string) int {
		for _, k := range keys {
			if r := compareKey(f, keyOf(k, f.value('t', ""), a), keyOf(k, f.value('t', ""), b), k); r != 0 {
				return r
			}
		}
		if len(keys) == 0 {
			if r := compareKey(f, a, b, ""); r != 0 {
				return r
			}
		}
		if f.has('s') || f.has('u') {
			return 0
		}
		r := strings.Compare(a, b)
		if f.has('r') {
			return -r
		}
		return r
	}
	if f.has('c') {
		if !slices.IsSortedFunc(lines, cmp) {
			c.fail("disorder")
		}
		return
	}
	slices.SortStableFunc(lines, cmp)
	if f.has('u') {
		lines = slices.CompactFunc(lines, func(a, b string) bool { return cmp(a, b) == 0 })
	}
	if o := f.value('o', ""); o != "" {
		file, err := os.Create(o)
		if err != nil {
			c.fail("%s: %s", o, text(err))
		}
		defer file.Close()
		c.out.Reset(file)
		defer c.out.Flush()
	}
	for _, l := range lines {
		c.out.WriteString(l)
		c.out.WriteByte('\n')
	}
}

// keyOf cuts the fields m to n out of a line, for a key "m[,n]" with option letters.
func keyOf(key, sep, line string) string {
	from, to, _ := strings.Cut(key, ",")
	num := func(s string) int {
		s, _, _ = strings.Cut(strings.TrimRight(s, "nrfbh"), ".")
		n, _ := strconv.Atoi(s)
		return n
	}
	var fields []string
	if sep != "" {
		fields = strings.Split(line, sep)
	} else {
		fields = strings.Fields(line)
		sep = " "
	}
	a, b := num(from), num(to)
	if b == 0 || b > len(fields) {
		b = len(fields)
	}
	if a < 1 || a > b {
		return ""
	}
	return strings.Join(fields[a-1:b], sep)
}

func compareKey(f *flags, a, b, key string) int {
	has := func(l byte) bool { return f.has(l) || strings.IndexByte(key, l) >= 0 }
	r := 0
	switch {
	case has('n') || has('h'):
		x, y := leadingNumber(a, has('h')), leadingNumber(b, has('h'))
		if x < y {
			r = -1
		} else if x > y {
			r = 1
		}
	case has('f'):
		r = strings.Compare(strings.ToUpper(a), strings.ToUpper(b))
	default:
		if has('b') {
			a, b = strings.TrimLeft(a, " \t"), strings.TrimLeft(b, " \t")
		}
		r = strings.Compare(a, b)
	}
	if has('r') {
		return -r
	}
	return r
}

func leadingNumber(s string, unit bool) float64 {
	s = strings.TrimLeft(s, " \t")
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || i == 0 && s[i] == '-') {
		i++
	}
	v, _ := strconv.ParseFloat(s[:i], 64)
	if unit && i < len(s) {
		for j := strings.IndexByte("KMGTPE", s[i]&^0x20); j >= 0; j-- {
			v *= 1024
		}
	}
	return v
}

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
