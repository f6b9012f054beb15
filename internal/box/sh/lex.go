package sh

import (
	"errors"
	"fmt"
	"strings"
)

// errIncomplete says that the text ends before the command does.
var errIncomplete = errors.New("unexpected end of file")

type syntaxError struct {
	line int
	msg  string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: syntax error: %s", e.line, e.msg) }

// parser turns text into nodes. It stops by panic(error); parseCommand catches it.
type parser struct {
	src     string
	pos     int
	line    int
	u       *unit
	pending []*redir // here-documents whose bodies follow the next newline
	depth   int
	limits  int            // how often ulimit was read
	aliased map[string]int // alias name → position before which it must not be expanded again
}

func (p *parser) fail(format string, a ...any) {
	panic(error(&syntaxError{p.line, fmt.Sprintf(format, a...)}))
}

func (p *parser) eof() bool { return p.pos >= len(p.src) }

func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) at(s string) bool { return strings.HasPrefix(p.src[p.pos:], s) }

func (p *parser) next() byte {
	if p.eof() {
		panic(error(errIncomplete))
	}
	c := p.src[p.pos]
	p.pos++
	if c == '\n' {
		p.line++
	}
	return c
}

// blanks skips spaces, tabs, continued lines and a comment.
func (p *parser) blanks() {
	for !p.eof() {
		switch c := p.peek(); {
		case c == ' ' || c == '\t' || c == '\r':
			p.pos++
		case c == '\\' && p.at("\\\n"):
			p.pos += 2
			p.line++
			if p.eof() {
				panic(error(errIncomplete))
			}
		case c == '#':
			for !p.eof() && p.peek() != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

// newlines skips blanks and newlines, reading here-documents as they become due.
func (p *parser) newlines() {
	for {
		p.blanks()
		if p.eof() || p.peek() != '\n' {
			return
		}
		p.newline()
	}
}

func (p *parser) newline() {
	p.next()
	for _, r := range p.pending {
		p.hereDoc(r)
	}
	p.pending = nil
}

func isMeta(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ';', '&', '|', '<', '>', '(', ')':
		return true
	}
	return false
}

func nameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func nameByte(c byte) bool  { return nameStart(c) || isDigit(c) }
func isDigit(c byte) bool   { return c >= '0' && c <= '9' }

func validName(s string) bool {
	if s == "" || !nameStart(s[0]) {
		return false
	}
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return true
}

// word reads one word; ok is false where none begins here.
func (p *parser) word() (w word, ok bool) {
	if p.eof() || isMeta(p.peek()) {
		return nil, false
	}
	return p.parts(func(c byte) bool { return isMeta(c) }), true
}

// parts reads unquoted text up to a byte that stop names.
func (p *parser) parts(stop func(byte) bool) word {
	var w word
	var lit []byte
	flush := func() {
		if len(lit) > 0 {
			w = append(w, part{kind: literal, text: string(lit)})
			lit = nil
		}
	}
	for !p.eof() && !stop(p.peek()) {
		switch c := p.next(); c {
		case '\\':
			if p.eof() {
				lit = append(lit, '\\')
				break
			}
			if e := p.next(); e != '\n' {
				flush()
				w = append(w, part{kind: literal, quoted: true, text: string(e)})
			} else if p.eof() {
				panic(error(errIncomplete))
			}
		case '\'':
			flush()
			w = append(w, part{kind: literal, quoted: true, text: p.until('\'')})
		case '"':
			flush()
			q := p.quotedParts('"')
			if len(q) == 0 {
				q = word{{kind: literal, quoted: true}}
			}
			w = append(w, q...)
		case '`':
			flush()
			w = append(w, p.backquote(false))
		case '$':
			if p.peek() == '\'' {
				p.pos++
				flush()
				w = append(w, part{kind: literal, quoted: true, text: p.dollarQuote()})
				break
			}
			if d, ok := p.dollar(false); ok {
				flush()
				w = append(w, d)
			} else {
				lit = append(lit, '$')
			}
		default:
			lit = append(lit, c)
		}
	}
	flush()
	return w
}

func (p *parser) until(q byte) string {
	start := p.pos
	for p.next() != q {
	}
	return p.src[start : p.pos-1]
}

// quotedParts reads the inside of double quotes up to end, or with end 0 a whole here-document.
func (p *parser) quotedParts(end byte) word {
	var w word
	var lit []byte
	flush := func() {
		if len(lit) > 0 {
			w = append(w, part{kind: literal, quoted: true, text: string(lit)})
			lit = nil
		}
	}
	for {
		if p.eof() && end == 0 {
			flush()
			return w
		}
		c := p.next()
		switch {
		case c == end && end != 0:
			flush()
			return w
		case c == '\\':
			if p.eof() && end == 0 {
				lit = append(lit, c)
				break
			}
			switch e := p.next(); {
			case e == '\n':
			case e == '$' || e == '`' || e == '\\' || e == end && end != 0:
				lit = append(lit, e)
			default:
				lit = append(lit, c, e)
			}
		case c == '`':
			flush()
			w = append(w, p.backquote(true))
		case c == '$':
			if d, ok := p.dollar(true); ok {
				flush()
				w = append(w, d)
			} else {
				lit = append(lit, c)
			}
		default:
			lit = append(lit, c)
		}
	}
}
