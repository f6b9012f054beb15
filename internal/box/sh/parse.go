package sh

import "strings"

// parseCommand reads one complete command (a line, or the lines that a compound takes) from src.
// It returns the rest of the text; n is nil for an empty line. errIncomplete asks for more text.
func parseCommand(src string, line int, alias map[string]string) (n node, u *unit, rest string, err error) {
	u = &unit{line: line, alias: alias}
	p := &parser{src: src, line: line, u: u}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *syntaxError:
			err = e
			// Go on after the line that could not be read.
			if i := strings.IndexByte(p.src[min(p.pos, len(p.src)):], '\n'); i >= 0 {
				rest = p.src[p.pos+i+1:]
			}
		case error:
			if e != errIncomplete {
				panic(e)
			}
			err = e
		default:
			panic(e)
		}
	}()
	p.blanks()
	if p.eof() {
		return nil, u, "", nil
	}
	if p.peek() == '\n' {
		p.newline()
		return nil, u, p.src[p.pos:], nil
	}
	l := &list{}
	for {
		it := p.andOrItem()
		l.items = append(l.items, it)
		p.blanks()
		if p.eof() || p.peek() == '\n' {
			break
		}
		if c := p.peek(); !it.terminated || c == ')' || c == ';' || c == '&' || c == '|' {
			p.fail("unexpected %q", p.tokenText())
		}
	}
	if len(p.pending) > 0 && p.eof() {
		return nil, u, "", errIncomplete
	}
	if !p.eof() {
		p.newline()
	}
	// Aliases change the text as it is read, so the unit is what was read, without alias names left to expand.
	u.src = p.src[:p.pos]
	u.alias = nil
	return l, u, p.src[p.pos:], nil
}

// andOrItem reads "a && b || c" and the ; or & after it.
func (p *parser) andOrItem() item {
	p.blanks()
	start := len(p.src) - p.pos // from the end, because an alias moves what is before
	n := p.andOr()
	it := item{ref: p.mark(n)}
	it.text = p.src[max(len(p.src)-start, 0):p.pos]
	p.blanks()
	switch {
	case p.at(";;"):
	case p.at("&&"):
	case p.peek() == ';':
		p.pos++
		it.terminated = true
	case p.peek() == '&':
		p.pos++
		it.background, it.terminated = true, true
	}
	return it
}

func isSimple(n node) bool {
	_, ok := n.(*simple)
	return ok
}

func (p *parser) mark(n node) ref {
	p.u.nodes = append(p.u.nodes, n)
	return ref{n: n, u: p.u, id: len(p.u.nodes) - 1}
}

// list reads commands up to a word or an operator that ends a compound.
func (p *parser) list() node {
	l := &list{}
	for {
		p.newlines()
		if p.eof() || p.peek() == ')' || p.at(";;") || p.at(";&") || p.closing() {
			return l
		}
		it := p.andOrItem()
		l.items = append(l.items, it)
		p.blanks()
		if p.eof() || p.peek() == '\n' || p.peek() == ')' || p.at(";;") || p.at(";&") {
			continue
		}
		if c := p.peek(); !it.terminated && !(p.closing() && !isSimple(it.n)) || c == ';' || c == '&' || c == '|' {
			p.fail("unexpected %q", p.tokenText())
		}
	}
}

func (p *parser) closing() bool {
	switch p.reserved() {
	case "then", "else", "elif", "fi", "do", "done", "esac", "}":
		return true
	}
	return false
}

// reserved returns the reserved word that stands here, without consuming it.
func (p *parser) reserved() string {
	for _, w := range [...]string{"if", "then", "else", "elif", "fi", "do", "done", "case", "esac",
		"while", "until", "for", "in", "{", "}", "!", "time", "function"} {
		if p.at(w) {
			end := p.pos + len(w)
			if end == len(p.src) || isMeta(p.src[end]) {
				return w
			}
		}
	}
	return ""
}

func (p *parser) expect(w string) {
	p.newlines()
	if p.eof() {
		panic(error(errIncomplete))
	}
	if p.reserved() != w {
		p.fail("expected %q", w)
	}
	p.pos += len(w)
}

// body reads the commands of a compound, of which there must be one.
func (p *parser) body() node {
	return p.sub(func() node {
		n := p.list()
		if p.eof() {
			panic(error(errIncomplete))
		}
		if len(n.(*list).items) == 0 {
			p.fail("unexpected %q", p.tokenText())
		}
		return n
	})
}

func (p *parser) tokenText() string {
	if r := p.reserved(); r != "" {
		return r
	}
	return string(p.peek())
}

func (p *parser) andOr() node {
	left := p.pipeline()
	for {
		p.blanks()
		or := p.at("||")
		if !or && !p.at("&&") {
			return left
		}
		p.pos += 2
		p.newlines()
		left = &andOr{or, left, p.pipeline()}
	}
}

func (p *parser) pipeline() node {
	pl := &pipeline{}
	p.expandAlias()
	for {
		p.blanks()
		if r := p.reserved(); r == "!" {
			pl.not = !pl.not
		} else if r == "time" {
			pl.timed = true
		} else {
			break
		}
		p.pos += len(p.reserved())
	}
	for {
		n := p.command()
		pl.stages = append(pl.stages, p.mark(n))
		p.blanks()
		if p.peek() != '|' || p.at("||") {
			break
		}
		p.pos++
		p.newlines()
	}
	if !pl.not && !pl.timed && len(pl.stages) == 1 {
		return pl.stages[0].n
	}
	return pl
}

func (p *parser) command() node {
	p.blanks()
	p.expandAlias()
	if p.eof() {
		panic(error(errIncomplete))
	}
	n := p.compound()
	if n == nil {
		return p.simple()
	}
	if _, ok := n.(*funcDef); ok {
		return n
	}
	var rs []*redir
	for {
		p.blanks()
		r := p.redirection()
		if r == nil {
			break
		}
		rs = append(rs, r)
	}
	if len(rs) > 0 {
		return &redirected{n, rs}
	}
	return n
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
