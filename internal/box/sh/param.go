package sh

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lookup gives the value of a parameter and whether it is set.
func (s *Shell) lookup(name string) (string, bool) {
	switch name {
	case "@", "*":
		sep := " "
		if ifs, ok := s.get("IFS"); ok && name == "*" {
			sep = ifs[:min(1, len(ifs))]
		}
		return strings.Join(s.params, sep), len(s.params) > 0
	case "#":
		return strconv.Itoa(len(s.params)), true
	case "?":
		return strconv.Itoa(s.status), true
	case "-":
		return s.flags(), true
	case "$":
		return strconv.Itoa(s.pid), true
	case "!":
		return strconv.Itoa(s.lastBackground), s.lastBackground != 0
	case "0":
		return s.name, true
	case "LINENO":
		return strconv.Itoa(s.line), true
	}
	if isDigit(name[0]) {
		n, err := strconv.Atoi(name)
		if err != nil || n > len(s.params) {
			return "", false
		}
		return s.params[n-1], true
	}
	return s.get(name)
}

func (e *expander) param(p *param, quoted bool) {
	s := e.s
	if p.name == "@" || p.name == "*" {
		switch {
		case p.length:
			e.result(strconv.Itoa(len(s.params)), quoted)
			return
		case p.op == "":
			if len(s.params) == 0 && quoted && p.name == "@" {
				return // "$@" of nothing is no field at all
			}
			e.all(p.name == "*", quoted)
			return
		case strings.IndexByte("-=?+", p.op[len(p.op)-1]) < 0:
			// ${@%x} and the like change each parameter.
			saved := s.params
			changed := make([]string, len(saved))
			for i, v := range saved {
				changed[i] = s.transform(p, v)
			}
			s.params = changed
			e.all(p.name == "*", quoted)
			s.params = saved
			return
		}
	}
	v, set := s.lookup(p.name)
	if p.length {
		s.mustBeSet(p, set)
		e.result(strconv.Itoa(utf8.RuneCountInString(v)), quoted)
		return
	}
	if p.op == "" {
		s.mustBeSet(p, set)
		e.result(v, quoted)
		return
	}
	empty := !set || p.op[0] == ':' && len(p.op) > 1 && v == ""
	switch p.op {
	case "-", ":-":
		if empty {
			e.alternative(p.arg, quoted)
		} else if (p.name == "@" || p.name == "*") && set {
			e.all(p.name == "*", quoted)
		} else {
			e.result(v, quoted)
		}
	case "+", ":+":
		if !empty {
			e.alternative(p.arg, quoted)
		} else if quoted {
			e.cur.some = true
		}
	case "=", ":=":
		if empty {
			if !validName(p.name) {
				panic(&expansionError{p.name + ": bad substitution"})
			}
			v = s.str(p.arg)
			s.mustSet(p.name, v)
		}
		e.result(v, quoted)
	case "?", ":?":
		if empty {
			msg := s.str(p.arg)
			if len(p.arg) == 0 {
				msg = "parameter not set"
				if p.op == ":?" {
					msg = "parameter not set or null"
				}
			}
			panic(&expansionError{p.name + ": " + msg})
		}
		e.result(v, quoted)
	default:
		s.mustBeSet(p, set)
		e.result(s.transform(p, v), quoted)
	}
}

// alternative expands the word of ${x-word}: its own quotes hold, the rest splits as a result does.
func (e *expander) alternative(w word, quoted bool) {
	if quoted {
		e.cur.some = true
		e.word(w, false)
		return
	}
	for i, p := range w {
		switch {
		case p.kind == literal && !p.quoted && i == 0:
			e.result(e.s.tilde(p.text), false)
		case p.kind == literal && !p.quoted:
			e.result(p.text, false)
		default:
			e.word(word{p}, false)
		}
	}
}

func (s *Shell) mustBeSet(p *param, set bool) {
	if !set && s.opt('u') && p.name != "@" && p.name != "*" {
		panic(&expansionError{p.name + ": parameter not set"})
	}
}

// transform does ${x%p}, ${x#p}, ${x/p/r} and ${x:offset:length}.
func (s *Shell) transform(p *param, v string) string {
	switch p.op {
	case "%", "%%", "#", "##":
		return trim(v, s.joined(p.arg).pattern(), p.op)
	case "/", "//":
		return replace(v, s.joined(p.arg).pattern(), s.str(p.arg2), p.op == "//")
	}
	r := []rune(v)
	from, err := s.arith(s.str(p.arg))
	length := int64(len(r))
	if err == nil && p.has2 {
		length, err = s.arith(s.str(p.arg2))
	}
	if err != nil {
		panic(&expansionError{fmt.Sprintf("%s: bad substitution: %v", p.name, err)})
	}
	n := int64(len(r))
	if from < 0 {
		from = max(n+from, 0)
	}
	from = min(from, n)
	end := min(from+min(length, n), n)
	if length < 0 {
		end = max(n+length, from)
	}
	return string(r[from:end])
}

func trim(v, pat, op string) string {
	if op[0] == '#' {
		for n := range len(v) + 1 {
			i := n
			if op == "##" {
				i = len(v) - n
			}
			if match(pat, v[:i]) {
				return v[i:]
			}
		}
		return v
	}
	for n := range len(v) + 1 {
		i := len(v) - n
		if op == "%%" {
			i = n
		}
		if match(pat, v[i:]) {
			return v[:i]
		}
	}
	return v
}

func replace(v, pat, with string, every bool) string {
	var b strings.Builder
	for i := 0; i < len(v); {
		n := -1
		for end := len(v); end > i; end-- {
			if match(pat, v[i:end]) {
				n = end
				break
			}
		}
		if n < 0 {
			b.WriteByte(v[i])
			i++
			continue
		}
		b.WriteString(with)
		if i = n; !every {
			b.WriteString(v[i:])
			break
		}
	}
	return b.String()
}
