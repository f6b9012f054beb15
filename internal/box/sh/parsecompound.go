package sh

import (
	"strconv"
	"strings"
)

// subshell reads ( … ). One that sets limits is marked, so that a process of its own can run it.
func (p *parser) subshell() node {
	start, limits := len(p.src)-p.pos, p.limits // from the end, because an alias moves what is before
	p.pos++
	n := p.body()
	p.newlines()
	if p.next() != ')' {
		p.fail("expected \")\"")
	}
	if p.limits == limits {
		return &subshell{ref: ref{n: n}}
	}
	r := p.mark(n)
	r.text = p.src[max(len(p.src)-start, 0):p.pos]
	return &subshell{ref: r, apart: true}
}

// compound reads if, while, until, for, case, { } and ( ); nil where none begins here.
func (p *parser) compound() node {
	if p.peek() == '(' {
		return p.subshell()
	}
	switch r := p.reserved(); r {
	case "{":
		p.pos++
		n := p.body()
		p.expect("}")
		return &group{n}
	case "if":
		p.pos += 2
		n := p.ifTail()
		p.expect("fi")
		return n
	case "while", "until":
		p.pos += 5
		l := &loop{until: r == "until", cond: p.body()}
		p.expect("do")
		l.body = p.body()
		p.expect("done")
		return l
	case "for":
		p.pos += 3
		return p.forLoop()
	case "case":
		p.pos += 4
		return p.caseClause()
	case "function":
		p.pos += len(r)
		p.blanks()
		start := p.pos
		p.word()
		name := p.src[start:p.pos]
		p.blanks()
		if p.peek() == '(' {
			return p.function(name)
		}
		p.newlines()
		return &funcDef{name, p.mark(p.sub(p.command))}
	case "then", "else", "elif", "fi", "do", "done", "esac", "}":
		p.fail("unexpected %q", r)
	}
	return nil
}

func (p *parser) ifTail() node {
	n := &ifClause{cond: p.body()}
	p.expect("then")
	n.then = p.body()
	p.newlines()
	switch p.reserved() {
	case "elif":
		p.pos += 4
		n.otherwise = p.sub(p.ifTail)
	case "else":
		p.pos += 4
		n.otherwise = p.body()
	}
	return n
}

func (p *parser) forLoop() node {
	p.blanks()
	start := p.pos
	for !p.eof() && nameByte(p.peek()) {
		p.pos++
	}
	f := &forLoop{name: p.src[start:p.pos]}
	if !validName(f.name) {
		p.fail("bad for loop variable")
	}
	p.newlines()
	if p.reserved() == "in" {
		p.pos += 2
		f.in = true
		for {
			p.blanks()
			w, ok := p.word()
			if !ok {
				break
			}
			f.words = append(f.words, w)
		}
	}
	p.blanks()
	if p.peek() == ';' {
		p.pos++
	}
	p.expect("do")
	f.body = p.body()
	p.expect("done")
	return f
}

func (p *parser) caseClause() node {
	p.blanks()
	w, ok := p.word()
	if !ok {
		p.fail("unexpected %q", p.peek())
	}
	c := &caseClause{subject: w}
	p.expect("in")
	for {
		p.newlines()
		if p.eof() {
			panic(error(errIncomplete))
		}
		if p.reserved() == "esac" {
			p.pos += 4
			return c
		}
		if p.peek() == '(' {
			p.pos++
		}
		var arm caseArm
		for {
			p.blanks()
			w, ok := p.word()
			if !ok {
				if p.eof() {
					panic(error(errIncomplete))
				}
				p.fail("unexpected %q", p.peek())
			}
			arm.patterns = append(arm.patterns, w)
			p.blanks()
			switch b := p.next(); b {
			case '|':
				continue
			case ')':
			default:
				p.fail("unexpected %q", b)
			}
			break
		}
		arm.body = p.sub(p.list)
		p.newlines()
		switch {
		case p.at(";;"):
			p.pos += 2
		case p.at(";&"):
			p.pos += 2
			arm.through = true
		case p.eof():
			panic(error(errIncomplete))
		case p.reserved() != "esac":
			p.fail("unexpected %q", p.tokenText())
		}
		c.arms = append(c.arms, arm)
	}
}

// redirection reads [n]op word; nil where none begins here.
func (p *parser) redirection() *redir {
	i := p.pos
	for i < len(p.src) && isDigit(p.src[i]) {
		i++
	}
	if i >= len(p.src) || p.src[i] != '<' && p.src[i] != '>' {
		return nil
	}
	r := &redir{fd: -1}
	if i > p.pos {
		n, err := strconv.Atoi(p.src[p.pos:i])
		if err != nil || n >= maxFD {
			p.fail("file descriptor %s out of range", p.src[p.pos:i])
		}
		r.fd = n
	}
	p.pos = i
	for _, op := range [...]string{"<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"} {
		if p.at(op) {
			r.op = op
			p.pos += len(op)
			break
		}
	}
	p.blanks()
	start := p.pos
	w, ok := p.word()
	if !ok {
		if p.eof() {
			panic(error(errIncomplete))
		}
		p.fail("unexpected %q", p.peek())
	}
	r.target = w
	if strings.HasPrefix(r.op, "<<") {
		r.strip = r.op == "<<-"
		r.quoted = strings.ContainsAny(p.src[start:p.pos], "'\"\\")
		for _, part := range w {
			r.delim += part.text
		}
		if !r.quoted {
			r.delim = p.src[start:p.pos]
		}
		p.pending = append(p.pending, r)
	}
	return r
}
