package sh

import "strings"

func (p *parser) simple() node {
	s := &simple{line: p.line}
	for {
		p.blanks()
		if r := p.redirection(); r != nil {
			s.redirs = append(s.redirs, r)
			continue
		}
		start := p.pos
		if len(s.words) == 0 {
			if name, ok := p.assignment(); ok {
				w, _ := p.word()
				s.assigns = append(s.assigns, assign{name, w})
				continue
			}
		}
		w, ok := p.word()
		if !ok {
			break
		}
		if p.peek() == '(' && len(s.words) == 0 && len(s.assigns) == 0 && len(s.redirs) == 0 {
			return p.function(p.src[start:p.pos])
		}
		s.words = append(s.words, w)
	}
	if len(s.words)+len(s.assigns)+len(s.redirs) == 0 {
		if p.eof() {
			panic(error(errIncomplete))
		}
		p.fail("unexpected %q", p.peek())
	}
	if len(s.words) > 0 && len(s.words[0]) == 1 && s.words[0][0].text == "ulimit" {
		p.limits++
	}
	return s
}

// assignment consumes "name=" where it stands here.
func (p *parser) assignment() (string, bool) {
	i := p.pos
	for i < len(p.src) && nameByte(p.src[i]) {
		i++
	}
	if i == p.pos || i >= len(p.src) || p.src[i] != '=' || !nameStart(p.src[p.pos]) {
		return "", false
	}
	name := p.src[p.pos:i]
	p.pos = i + 1
	return name, true
}

// expandAlias replaces a command name that is an alias by its text.
func (p *parser) expandAlias() {
	for len(p.u.alias) > 0 {
		p.blanks()
		end := p.pos
		for end < len(p.src) && !isMeta(p.src[end]) && strings.IndexByte("\"'\\$`", p.src[end]) < 0 {
			end++
		}
		name := p.src[p.pos:end]
		value, ok := p.u.alias[name]
		// An alias is not expanded again inside its own value.
		if left := len(p.src) - p.pos; !ok || p.aliased[name] >= left {
			return
		}
		if p.aliased == nil {
			p.aliased = make(map[string]int)
		}
		p.src = p.src[:p.pos] + value + p.src[end:]
		p.aliased[name] = len(p.src) - p.pos
	}
}

func (p *parser) function(name string) node {
	p.pos++
	p.blanks()
	if p.next() != ')' {
		p.fail("unexpected %q", "(")
	}
	if !validName(name) && strings.ContainsAny(name, "\"'\\$`=/") {
		p.fail("bad function name")
	}
	p.newlines()
	if p.eof() {
		panic(error(errIncomplete))
	}
	return &funcDef{name, p.mark(p.sub(p.command))}
}
