package box

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

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

// walk visits a tree, parents first, without following links.
func walk(root string, visit func(path string, isDir bool)) {
	filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if d != nil {
			visit(p, d.IsDir())
		}
		if err != nil && d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
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
