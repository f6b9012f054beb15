package sh

import "strings"

// dollar reads what follows a $; ok is false where the $ stands for itself.
func (p *parser) dollar(quoted bool) (part, bool) {
	if p.eof() {
		return part{}, false
	}
	switch c := p.peek(); {
	case c == '(' && p.at("(("):
		if d, ok := p.arithmetic(quoted); ok {
			return d, true
		}
		fallthrough
	case c == '(':
		p.pos++
		body := p.sub(func() node {
			n := p.list()
			p.newlines()
			if p.next() != ')' {
				p.fail("expected \")\"")
			}
			return n
		})
		return part{kind: commandPart, quoted: quoted, body: body}, true
	case c == '{':
		p.pos++
		return part{kind: paramPart, quoted: quoted, param: p.braced(quoted)}, true
	case nameStart(c):
		start := p.pos
		for !p.eof() && nameByte(p.peek()) {
			p.pos++
		}
		return part{kind: paramPart, quoted: quoted, param: &param{name: p.src[start:p.pos]}}, true
	case isDigit(c) || strings.IndexByte("@*#?-$!", c) >= 0:
		p.pos++
		return part{kind: paramPart, quoted: quoted, param: &param{name: string(c)}}, true
	}
	return part{}, false
}

// sub parses a nested command with its own pending here-documents and a bound on the nesting.
func (p *parser) sub(f func() node) node {
	if p.depth++; p.depth > 500 {
		p.fail("nested too deep")
	}
	saved := p.pending
	p.pending = nil
	n := f()
	p.pending = append(saved, p.pending...)
	p.depth--
	return n
}

// arithmetic reads $((…)); ok is false, and nothing is consumed, where it is $( (…) ).
func (p *parser) arithmetic(quoted bool) (part, bool) {
	start, line := p.pos, p.line
	depth := 0
	i := p.pos + 2
	for ; ; i++ {
		if i+1 >= len(p.src) {
			// Not closed so far: more text may come, or it is a command.
			panic(error(errIncomplete))
		}
		if p.src[i] == '(' {
			depth++
		} else if p.src[i] == ')' {
			if depth == 0 {
				break
			}
			depth--
		}
	}
	if p.src[i+1] != ')' {
		p.pos, p.line = start, line
		return part{}, false
	}
	text := p.src[p.pos+2 : i]
	p.line += strings.Count(text, "\n")
	p.pos = i + 2
	inner := &parser{src: text, line: line, u: p.u, depth: p.depth + 1}
	return part{kind: arithPart, quoted: quoted, arith: inner.quotedParts(0)}, true
}

// braced reads ${…} after the brace.
func (p *parser) braced(quoted bool) *param {
	r := &param{}
	if p.peek() == '#' && !p.at("#}") && !p.at("#-") && !p.at("#:") && !p.at("##}") && !p.at("#%") && !p.at("#?") {
		p.pos++
		r.length = true
	} else if p.at("##}") || p.at("#?}") {
		p.pos++
		r.length = true
	}
	start := p.pos
	switch c := p.peek(); {
	case nameStart(c):
		for !p.eof() && nameByte(p.peek()) {
			p.pos++
		}
	case isDigit(c):
		for !p.eof() && isDigit(p.peek()) {
			p.pos++
		}
	case c != 0 && strings.IndexByte("@*#?-$!", c) >= 0:
		p.pos++
	case p.eof():
		panic(error(errIncomplete))
	default:
		p.fail("bad substitution")
	}
	r.name = p.src[start:p.pos]
	if p.eof() {
		panic(error(errIncomplete))
	}
	if p.peek() == '}' {
		p.pos++
		return r
	}
	if r.length {
		p.fail("bad substitution")
	}
	for _, op := range [...]string{":-", ":=", ":?", ":+", "%%", "##", "//", "-", "=", "?", "+", "%", "#", "/", ":"} {
		if p.at(op) {
			r.op = op
			p.pos += len(op)
			break
		}
	}
	if r.op == "" {
		p.fail("bad substitution")
	}
	// Quotes inside a pattern always quote; inside the word of a quoted ${x-w} they stand for themselves.
	pattern := strings.IndexByte("%#/", r.op[0]) >= 0
	second := byte(0)
	if r.op[0] == '/' {
		second = '/'
	} else if r.op == ":" {
		second = ':'
	}
	r.arg = p.braceWord(quoted && !pattern, second)
	if second != 0 && p.src[p.pos-1] == second {
		r.arg2, r.has2 = p.braceWord(quoted && !pattern, 0), true
	}
	return r
}

// braceWord reads up to the closing brace, or to sep, and consumes that byte.
func (p *parser) braceWord(quoted bool, sep byte) word {
	if p.depth++; p.depth > 500 {
		p.fail("nested too deep")
	}
	defer func() { p.depth-- }()
	stop := func(c byte) bool { return c == '}' || sep != 0 && c == sep }
	var w word
	if !quoted {
		w = p.parts(stop)
	} else {
		for !p.eof() && !stop(p.peek()) {
			switch c := p.next(); c {
			case '"':
				w = append(w, p.quotedParts('"')...)
			case '\\':
				e := p.next()
				if strings.IndexByte("$`\"\\}", e) >= 0 {
					w = append(w, part{kind: literal, quoted: true, text: string(e)})
				} else if e != '\n' {
					w = append(w, part{kind: literal, quoted: true, text: "\\" + string(e)})
				}
			case '`':
				w = append(w, p.backquote(true))
			case '$':
				if d, ok := p.dollar(true); ok {
					w = append(w, d)
					break
				}
				fallthrough
			default:
				w = append(w, part{kind: literal, quoted: true, text: string(c)})
			}
		}
	}
	p.next()
	return w
}

// backquote reads the old form of command substitution, in which backslashes are undone once first.
func (p *parser) backquote(quoted bool) part {
	var b strings.Builder
	line := p.line
	for {
		c := p.next()
		if c == '`' {
			break
		}
		if c == '\\' {
			e := p.next()
			if e != '$' && e != '`' && e != '\\' && !(quoted && e == '"') {
				b.WriteByte(c)
			}
			c = e
		}
		b.WriteByte(c)
	}
	inner := &parser{src: b.String(), line: line, u: p.u, depth: p.depth + 1}
	body := inner.sub(func() node {
		n := inner.list()
		inner.newlines()
		if !inner.eof() {
			inner.fail("unexpected %q", inner.peek())
		}
		return n
	})
	return part{kind: commandPart, quoted: quoted, body: body}
}
