package box

import (
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

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
