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
		p.blanks()
		start := len(p.src) - p.pos // from the end, because an alias moves what is before
		st := p.mark(p.command())
		st.text = strings.TrimSpace(p.src[max(len(p.src)-start, 0):p.pos])
		pl.stages = append(pl.stages, st)
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
