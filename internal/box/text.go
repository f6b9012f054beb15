package box

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/container-labs/lab/internal/box/sh"
)

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

func echo(c *call)     { c.out.WriteString(sh.Echo(c.args)) }
func clear_(c *call)   { c.printf("\x1b[H\x1b[2J\x1b[3J") }
func trueCmd(*call)    {}
func falseCmd(c *call) { c.code = 1 }

func printf(c *call) {
	out, err := sh.Printf(c.args)
	c.out.WriteString(out)
	if err != nil {
		c.complain("%s", err)
	}
}

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

// basicRegexp turns a basic regular expression into the syntax of package regexp, see regex(7).
func basicRegexp(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '\\' && i+1 < len(s):
			i++
			if strings.IndexByte("(){}|+?", s[i]) >= 0 {
				b.WriteByte(s[i])
			} else {
				b.WriteString(`\` + string(s[i]))
			}
		case ch == '[':
			end := bracketEnd(s, i)
			b.WriteString(strings.ReplaceAll(s[i:end], `\`, `\\`))
			i = end - 1
		case strings.IndexByte("(){}|+?", ch) >= 0:
			b.WriteString(`\` + string(ch))
		case ch == '*' && (i == 0 || strings.HasSuffix(s[:i], `\(`) || i == 1 && s[0] == '^'):
			b.WriteString(`\*`)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

func bracketEnd(s string, i int) int {
	j := i + 1
	if j < len(s) && s[j] == '^' {
		j++
	}
	if j < len(s) && s[j] == ']' {
		j++
	}
	for j < len(s) && s[j] != ']' {
		if strings.HasPrefix(s[j:], "[:") {
			if e := strings.Index(s[j:], ":]"); e > 0 {
				j += e + 1
			}
		}
		j++
	}
	return min(j+1, len(s))
}

// wordEdges gives \< and \> the meaning they have in GNU tools.
func wordEdges(s string) string {
	return strings.NewReplacer(`\\`, `\\`, `\<`, `\b`, `\>`, `\b`).Replace(s)
}

func grep(c *call) {
	f := c.parse("EFGivclLnqsorRhHwxe:f:m:A:B:C:P", "extended-regexp=E", "fixed-strings=F", "ignore-case=i", "invert-match=v",
		"count=c", "files-with-matches=l", "line-number=n", "quiet=q", "silent=q", "only-matching=o", "recursive=r", "word-regexp=w",
		"line-regexp=x", "regexp=e", "max-count=m", "no-messages=s", "no-filename=h", "color=P")
	patterns := f.values['e']
	for _, name := range f.values['f'] {
		b, err := os.ReadFile(name)
		if err != nil {
			c.complain("%s: %s", name, text(err))
			c.exit(2)
		}
		patterns = append(patterns, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
	}
	if !f.has('e') && !f.has('f') {
		c.operands(1, -1)
		patterns, c.args = strings.Split(c.args[0], "\n"), c.args[1:]
	}
	var alts []string
	for _, p := range patterns {
		switch {
		case f.has('F') || c.name == "fgrep":
			p = regexp.QuoteMeta(p)
		case f.has('E') || c.name == "egrep" || f.has('P'):
			p = wordEdges(p)
		default:
			p = basicRegexp(wordEdges(p))
		}
		if f.has('w') {
			p = `\b(?:` + p + `)\b`
		}
		if f.has('x') {
			p = `^(?:` + p + `)$`
		}
		alts = append(alts, p)
	}
	expr := strings.Join(alts, "|")
	if f.has('i') {
		expr = "(?i)" + expr
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		c.complain("bad regular expression '%s'", strings.Join(patterns, "\n"))
		c.exit(2)
	}
	g := &grepper{c: c, f: f, re: re, limit: -1}
	if f.has('m') {
		g.limit = c.number(f.value('m', ""))
	}
	if f.has('r') || f.has('R') {
		if len(c.args) == 0 {
			c.args = []string{"."}
		}
		g.names = true
		c.args = g.expand(c.args)
	}
	g.names = (g.names || len(c.args) > 1 || f.has('H')) && !f.has('h')
	failed := c.grepAll(g)
	switch {
	case g.found && (f.has('q') || !failed):
		c.code = 0
	case failed:
		c.code = 2
	default:
		c.code = 1
	}
}

// grepAll greps every operand and tells whether one could not be read.
func (c *call) grepAll(g *grepper) bool {
	if g.f.has('s') {
		c.err = io.Discard
	}
	c.each(g.file)
	return c.code != 0
}

type grepper struct {
	c     *call
	f     *flags
	re    *regexp.Regexp
	names bool
	found bool
	limit int
}

func (g *grepper) expand(paths []string) []string {
	var out []string
	for _, p := range paths {
		walk(p, func(path string, isDir bool) {
			if !isDir {
				out = append(out, path)
			}
		})
	}
	return out
}

func (g *grepper) file(name string, r io.Reader) error {
	if name == "-" {
		name = "(standard input)"
	}
	after, before := 0, 0
	if v := g.f.value('C', ""); v != "" {
		after, before = g.c.number(v), g.c.number(v)
	}
	after = g.c.number(g.f.value('A', strconv.Itoa(after)))
	before = g.c.number(g.f.value('B', strconv.Itoa(before)))
	count, line, lastShown, left := 0, 0, 0, 0
	type kept struct {
		n int
		s string
	}
	var held []kept
	emit := func(n int, s, sep string) {
		if lastShown > 0 && n > lastShown+1 && (after > 0 || before > 0) {
			g.c.printf("--\n")
		}
		lastShown = n
		if g.names {
			g.c.printf("%s%s", name, sep)
		}
		if g.f.has('n') {
			g.c.printf("%d%s", n, sep)
		}
		g.c.printf("%s\n", s)
	}
	quiet := g.f.has('q') || g.f.has('l') || g.f.has('L') || g.f.has('c')
	binary := false
	err := eachLine(r, func(l string) bool {
		line++
		l = strings.TrimSuffix(l, "\n")
		if g.re.MatchString(l) == g.f.has('v') {
			if left > 0 && !quiet {
				left--
				emit(line, l, "-")
			} else if before > 0 {
				if held = append(held, kept{line, l}); len(held) > before {
					held = held[1:]
				}
			}
			return true
		}
		count++
		g.found = true
		if strings.IndexByte(l, 0) >= 0 || !utf8.ValidString(l) && strings.Contains(l, "\x7f") {
			binary = true
		}
		switch {
		case g.f.has('q') || g.f.has('l'):
			return false
		case quiet:
		case binary:
			g.c.printf("%s: binary file matches\n", name)
			return false
		case g.f.has('o') && !g.f.has('v'):
			for _, m := range g.re.FindAllString(l, -1) {
				if m != "" {
					emit(line, m, ":")
				}
			}
		default:
			for _, k := range held {
				emit(k.n, k.s, "-")
			}
			held, left = nil, after
			emit(line, l, ":")
		}
		if name == "(standard input)" {
			g.c.out.Flush()
		}
		return g.limit < 0 || count < g.limit
	})
	switch {
	case g.f.has('l') && count > 0, g.f.has('L') && count == 0:
		g.c.printf("%s\n", name)
	case g.f.has('c') && !g.f.has('q'):
		if g.names {
			g.c.printf("%s:", name)
		}
		g.c.printf("%d\n", count)
	}
	return err
}
