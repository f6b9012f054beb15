package box

import (
	"regexp"
	"strconv"
	"strings"
)

// sedParser reads a script; a mistake in it ends the command.
type sedParser struct {
	c        *call
	src      string
	pos      int
	extended bool
	last     *regexp.Regexp // what an empty pattern means
}

func (p *sedParser) fail(format string, a ...any) {
	p.c.fail("-e expression #1, char "+strconv.Itoa(p.pos)+": "+format, a...)
}

func (p *sedParser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *sedParser) skip(set string) {
	for p.pos < len(p.src) && strings.IndexByte(set, p.src[p.pos]) >= 0 {
		p.pos++
	}
}

// commands reads up to the end, or to the } of a block.
func (p *sedParser) commands(depth int) []*sedCommand {
	var out []*sedCommand
	for {
		p.skip(" \t\n;")
		switch {
		case p.pos >= len(p.src):
			if depth > 0 {
				p.fail("unmatched `{'")
			}
			return out
		case p.peek() == '#':
			for p.pos < len(p.src) && p.peek() != '\n' {
				p.pos++
			}
		case p.peek() == '}':
			if depth == 0 {
				p.fail("unexpected `}'")
			}
			p.pos++
			return out
		default:
			out = append(out, p.command(depth))
		}
	}
}

func (p *sedParser) command(depth int) *sedCommand {
	cmd := &sedCommand{from: p.address(false)}
	if p.skip(" \t"); cmd.from != nil && p.peek() == ',' {
		p.pos++
		p.skip(" \t")
		relative := p.peek() == '+'
		if relative {
			p.pos++
		}
		if cmd.to = p.address(relative); cmd.to == nil {
			p.fail("unexpected `,'")
		}
	}
	for p.skip(" \t"); p.peek() == '!'; p.skip(" \t") {
		cmd.not = true
		p.pos++
	}
	cmd.verb = p.peek()
	p.pos++
	switch cmd.verb {
	case '{':
		if depth > 100 {
			p.fail("nested too deep")
		}
		cmd.body = p.commands(depth + 1)
		return cmd
	case 's':
		p.substitution(cmd)
	case 'y':
		p.translation(cmd)
	case 'a', 'i', 'c':
		cmd.text = p.textLine()
		return cmd
	case 'q':
		p.skip(" \t")
		if n := p.number(); n >= 0 {
			cmd.code = n & 255
		}
	case 'p', 'P', '=', 'd', 'D', 'h', 'H', 'g', 'G', 'x', 'n', 'N':
	case 0:
		p.fail("missing command")
	default:
		p.fail("unknown command: `%c'", cmd.verb)
	}
	if p.skip(" \t"); p.pos < len(p.src) && strings.IndexByte(";\n}#", p.peek()) < 0 {
		p.fail("extra characters after command")
	}
	return cmd
}

// number reads digits; -1 where there are none.
func (p *sedParser) number() int {
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	n, err := strconv.Atoi(p.src[start:p.pos])
	if err != nil {
		return -1
	}
	return n
}

func (p *sedParser) address(relative bool) *sedAddress {
	if relative {
		if n := p.number(); n >= 0 {
			return &sedAddress{line: n, relative: true}
		}
		return nil
	}
	switch ch := p.peek(); {
	case ch >= '0' && ch <= '9':
		n := p.number()
		if n < 1 {
			p.fail("invalid usage of line address 0")
		}
		return &sedAddress{line: n}
	case ch == '$':
		p.pos++
		return &sedAddress{last: true}
	case ch == '/' || ch == '\\':
		if ch == '\\' {
			p.pos++
		}
		pattern := p.delimited(true)
		fold := p.peek() == 'I'
		if fold {
			p.pos++
		}
		return &sedAddress{re: p.regexp(pattern, fold)}
	}
	return nil
}

// delimited reads a text between two of the character that stands here, and leaves only its end open.
func (p *sedParser) delimited(pattern bool) string {
	delim := p.peek()
	if delim == 0 || delim == '\n' || delim == '\\' {
		p.fail("unterminated command")
	}
	p.pos++
	text := p.rest(delim, pattern)
	p.pos++
	return text
}

// rest reads up to delim. In a pattern, a bracket expression may hold it.
func (p *sedParser) rest(delim byte, pattern bool) string {
	var b strings.Builder
	for p.pos < len(p.src) && p.src[p.pos] != delim {
		ch := p.src[p.pos]
		switch {
		case ch == '\\' && p.pos+1 < len(p.src):
			p.pos++
			switch next := p.src[p.pos]; {
			case next == delim && pattern:
				b.WriteByte(delim)
			case next == delim && delim != '&':
				b.WriteByte(delim)
			case next == 'n' && pattern:
				b.WriteByte('\n')
			case next == 't' && pattern:
				b.WriteByte('\t')
			default:
				b.WriteString(`\` + string(next))
			}
			p.pos++
		case ch == '[' && pattern:
			end := bracketEnd(p.src, p.pos)
			b.WriteString(strings.ReplaceAll(p.src[p.pos:end], `\n`, "\n"))
			p.pos = end
		default:
			b.WriteByte(ch)
			p.pos++
		}
	}
	if p.pos >= len(p.src) {
		p.fail("unterminated `%c' command", p.src[max(p.pos-1, 0)])
	}
	return b.String()
}

func (p *sedParser) regexp(pattern string, fold bool) *regexp.Regexp {
	if pattern == "" {
		if p.last == nil {
			p.fail("no previous regular expression")
		}
		return p.last
	}
	expr := wordEdges(pattern)
	if !p.extended {
		expr = basicRegexp(expr)
	}
	if fold {
		expr = "(?i)" + expr
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		p.fail("bad regular expression '%s'", pattern)
	}
	re.Longest()
	p.last = re
	return re
}

func (p *sedParser) substitution(cmd *sedCommand) {
	delim := p.peek()
	pattern := p.delimited(true)
	cmd.replacement = p.rest(delim, false)
	p.pos++
	fold := false
flags:
	for {
		switch ch := p.peek(); {
		case ch == 'g':
			cmd.global = true
		case ch == 'p':
			cmd.print = true
		case ch == 'i' || ch == 'I':
			fold = true
		case ch >= '1' && ch <= '9':
			cmd.nth = p.number()
			continue
		default:
			break flags
		}
		p.pos++
	}
	cmd.re = p.regexp(pattern, fold)
	for i := 0; i+1 < len(cmd.replacement); i++ {
		if cmd.replacement[i] == '\\' {
			i++
			if n := cmd.replacement[i]; n >= '1' && n <= '9' && int(n-'0') > cmd.re.NumSubexp() {
				p.fail("invalid reference \\%c on `s' command's RHS", n)
			}
		}
	}
}

func (p *sedParser) translation(cmd *sedCommand) {
	delim := p.peek()
	plain := strings.NewReplacer(`\\`, `\`, `\n`, "\n")
	from := []rune(plain.Replace(p.delimited(false)))
	to := []rune(plain.Replace(p.rest(delim, false)))
	p.pos++
	if len(from) != len(to) {
		p.fail("strings for `y' command are different lengths")
	}
	cmd.y = make(map[rune]rune)
	for i, r := range from {
		if _, seen := cmd.y[r]; !seen {
			cmd.y[r] = to[i]
		}
	}
}

// textLine reads the text of a, i and c: on the same line, or on the lines after a backslash.
func (p *sedParser) textLine() string {
	p.skip(" \t")
	if p.peek() == '\\' {
		p.pos++
		p.skip(" \t")
		if p.peek() == '\n' {
			p.pos++
		}
	}
	if p.pos >= len(p.src) {
		p.fail("expected \\ after `a', `c' or `i'")
	}
	var b strings.Builder
	for p.pos < len(p.src) && p.src[p.pos] != '\n' {
		if p.src[p.pos] == '\\' && p.pos+1 < len(p.src) {
			p.pos++
		}
		b.WriteByte(p.src[p.pos])
		p.pos++
	}
	return b.String()
}
