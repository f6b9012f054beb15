package sh

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// expansionError ends a command, and a shell that is not interactive.
type expansionError struct{ msg string }

func (e *expansionError) Error() string { return e.msg }

// field is a word in the making: bytes, and for each whether it was quoted.
type field struct {
	b    []byte
	q    []bool
	some bool // it is a field even if empty
}

func (f *field) add(s string, quoted bool) {
	for i := range len(s) {
		f.b = append(f.b, s[i])
		f.q = append(f.q, quoted)
	}
	if s != "" || quoted {
		f.some = true
	}
}

// pattern gives the field as a pattern in which quoted bytes stand for themselves.
func (f *field) pattern() string {
	var b strings.Builder
	for i, c := range f.b {
		if f.q[i] && strings.IndexByte(`*?[]\-!^`, c) >= 0 || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

func (f *field) globs() bool {
	for i, c := range f.b {
		if !f.q[i] && (c == '*' || c == '?' || c == '[') {
			return true
		}
	}
	return false
}

// expander collects the fields of one word.
type expander struct {
	s       *Shell
	split   bool
	out     []field
	cur     field
	wsEnded bool // the last field was ended by IFS white space; a delimiter after it ends no other
}

func (e *expander) end() {
	e.out = append(e.out, e.cur)
	e.cur = field{}
}

// fields expands words as the arguments of a command: all expansions, splitting, path names.
func (s *Shell) fields(words []word) []string {
	var out []string
	for _, w := range words {
		if len(w) == 1 && w[0].kind == literal && (w[0].quoted || !strings.ContainsAny(w[0].text, "*?[~")) {
			out = append(out, w[0].text)
			continue
		}
		e := &expander{s: s, split: true}
		e.word(w, true)
		if e.cur.some {
			e.end()
		}
		for i := range e.out {
			f := &e.out[i]
			if !s.opt('f') && f.globs() {
				if m := glob(f.pattern()); len(m) > 0 {
					out = append(out, m...)
					continue
				}
			}
			out = append(out, string(f.b))
		}
	}
	return out
}

// joined expands a word without splitting, as in assignments and redirections.
func (s *Shell) joined(w word) *field {
	e := &expander{s: s}
	e.word(w, true)
	return &e.cur
}

func (s *Shell) str(w word) string { return string(s.joined(w).b) }

// value expands the right side of an assignment, where ~ also follows a colon.
func (s *Shell) value(w word) string {
	if len(w) > 0 && w[0].kind == literal && !w[0].quoted && strings.Contains(w[0].text, ":~") {
		t := strings.Split(w[0].text, ":")
		for i := range t {
			if i < len(t)-1 || len(w) == 1 || strings.Contains(t[i], "/") {
				t[i] = s.tilde(t[i])
			}
		}
		return strings.Join(t, ":") + s.str(w[1:])
	}
	return s.str(w)
}

func (s *Shell) tilde(text string) string {
	if !strings.HasPrefix(text, "~") {
		return text
	}
	user, rest, _ := strings.Cut(text[1:], "/")
	if len(user) < len(text)-1 {
		rest = "/" + rest
	}
	if user == "" {
		if h, ok := s.get("HOME"); ok {
			return h + rest
		}
		return text
	}
	passwd, _ := os.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(passwd)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) > 5 && f[0] == user {
			return f[5] + rest
		}
	}
	return text
}

func (e *expander) word(w word, tilde bool) {
	for i, p := range w {
		switch p.kind {
		case literal:
			text := p.text
			if i == 0 && tilde && !p.quoted && text != "" && text[0] == '~' {
				if len(w) == 1 || strings.Contains(text, "/") {
					if t := e.s.tilde(text); t != text {
						e.literal(t, true)
						continue
					}
				}
			}
			e.literal(text, p.quoted)
		case paramPart:
			e.param(p.param, p.quoted)
		case commandPart:
			e.result(e.s.substitute(p.body), p.quoted)
		case arithPart:
			n, err := e.s.arith(e.s.str(p.arith))
			if err != nil {
				panic(&expansionError{fmt.Sprintf("arithmetic: %v", err)})
			}
			e.result(strconv.FormatInt(n, 10), p.quoted)
		}
	}
}

func (e *expander) literal(s string, quoted bool) {
	e.cur.add(s, quoted)
	e.wsEnded = false
}

// result adds what an expansion gave; unquoted, it is split at the bytes of IFS.
func (e *expander) result(v string, quoted bool) {
	if quoted || !e.split {
		e.cur.add(v, quoted)
		if v != "" || quoted {
			e.wsEnded = false
		}
		return
	}
	ifs := e.s.ifs()
	for i := range len(v) {
		c := v[i]
		switch {
		case strings.IndexByte(ifs, c) < 0:
			e.cur.b = append(e.cur.b, c)
			e.cur.q = append(e.cur.q, false)
			e.cur.some = true
			e.wsEnded = false
		case c == ' ' || c == '\t' || c == '\n':
			if e.cur.some {
				e.end()
				e.wsEnded = true
			}
		case e.wsEnded:
			e.wsEnded = false
		default:
			e.end()
		}
	}
}

func (s *Shell) ifs() string {
	if v, ok := s.get("IFS"); ok {
		return v
	}
	return " \t\n"
}

// all adds $@ or $*, which become one field per parameter, or one that is joined.
func (e *expander) all(star, quoted bool) {
	ps := e.s.params
	if quoted && star || !e.split {
		sep := " "
		if ifs, ok := e.s.get("IFS"); ok && star {
			sep = ifs[:min(1, len(ifs))]
		}
		e.cur.add(strings.Join(ps, sep), quoted)
		return
	}
	for i, v := range ps {
		if i > 0 && (quoted || e.cur.some) {
			e.end()
		}
		e.result(v, quoted)
	}
}
