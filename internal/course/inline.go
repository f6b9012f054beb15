package course

import (
	"strings"
	"unicode/utf8"
)

// inline renders what stands within a line: code, strong, emphasis, links, pictures, escapes.
func (p *Page) inline(s string) string {
	var b strings.Builder
	for s != "" {
		switch c := s[0]; {
		case c == '\\' && len(s) > 1 && strings.IndexByte("\\`*_{}[]()#+-.!|<>~$", s[1]) >= 0:
			b.WriteByte(s[1])
			s = s[2:]
		case c == '`':
			s = p.inlineCode(&b, s)
		case strings.HasPrefix(s, "**"):
			s = p.between(&b, s, "**", bold)
		case c == '*' || c == '_' && startsWord(b.String()):
			s = p.between(&b, s, s[:1], italic)
		case strings.HasPrefix(s, "!["):
			s = p.link(&b, s[1:], true)
		case c == '[':
			s = p.link(&b, s, false)
		case strings.HasPrefix(s, "<http"):
			if url, rest, ok := strings.Cut(s[1:], ">"); ok {
				b.WriteString(p.style(underline, url))
				s = rest
				continue
			}
			b.WriteByte(c)
			s = s[1:]
		default:
			b.WriteByte(c)
			s = s[1:]
		}
	}
	return b.String()
}

// noBreak is a space at which wrap does not break a line. What is printed in the end has ordinary ones, for who copies it.
const noBreak = "\u00a0"

func plainSpaces(s string) string { return strings.ReplaceAll(s, noBreak, " ") }

// startsWord says whether a _ here may begin emphasis: in the middle of a_name it may not.
func startsWord(before string) bool {
	r, _ := utf8.DecodeLastRuneInString(before)
	return before == "" || r == ' ' || r == '\n' || r == '('
}

func (p *Page) inlineCode(b *strings.Builder, s string) string {
	n := len(s) - len(strings.TrimLeft(s, "`"))
	mark := s[:n]
	code, rest, ok := strings.Cut(s[n:], mark)
	if !ok {
		b.WriteString(mark)
		return s[n:]
	}
	if n > 1 || strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") {
		code = strings.TrimSpace(code)
	}
	code = strings.ReplaceAll(code, "\n", " ")
	if utf8.RuneCountInString(code) <= 30 { // what is typed on one line stands on one, as long as it is short
		code = strings.ReplaceAll(code, " ", noBreak)
	}
	if p.Color {
		b.WriteString(p.style(green, code))
	} else {
		b.WriteString("`" + code + "`")
	}
	return rest
}

// between renders what stands between two marks; a mark without an end is itself.
func (p *Page) between(b *strings.Builder, s, mark, code string) string {
	inner, rest, ok := strings.Cut(s[len(mark):], mark)
	if !ok || inner == "" || inner[0] == ' ' || inner[len(inner)-1] == ' ' {
		b.WriteString(mark)
		return s[len(mark):]
	}
	text := p.inline(inner)
	if p.Color { // what ends inside must not end this
		text = p.style(code, strings.ReplaceAll(text, "\x1b[0m", "\x1b[0m\x1b["+code+"m"))
	}
	b.WriteString(text)
	return rest
}

func (p *Page) link(b *strings.Builder, s string, picture bool) string {
	label, rest, ok := strings.Cut(s[1:], "](")
	url, after, ok2 := strings.Cut(rest, ")")
	if !ok || !ok2 || strings.Contains(label, "\n\n") {
		b.WriteByte('[')
		return s[1:]
	}
	url, _, _ = strings.Cut(url, " ")
	text := p.inline(label)
	switch {
	case picture:
		b.WriteString(p.style(faint, "[picture: "+stripped(text)+"]"))
	case strings.Contains(url, "://") && stripped(text) != url:
		b.WriteString(p.style(underline, text) + " (" + url + ")")
	default:
		b.WriteString(p.style(underline, text))
	}
	return after
}

// Escape is a text as Markdown that shows it: what stands in backquotes is code, and nothing else means anything.
func Escape(s string) string {
	var b strings.Builder
	for i, piece := range strings.Split(s, "`") {
		if i > 0 {
			b.WriteByte('`')
		}
		for _, c := range piece {
			if i%2 == 0 && strings.ContainsRune("\\*_[]<>#|", c) {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}
