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

// stripped is a text without escape sequences.
func stripped(s string) string {
	var b strings.Builder
	for s != "" {
		if n := escapeLength(s); n > 0 {
			s = s[n:]
			continue
		}
		_, n := utf8.DecodeRuneInString(s)
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

// escapeLength is the length of the SGR sequence at the beginning of s, 0 where there is none.
func escapeLength(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	if end := strings.IndexByte(s, 'm'); end > 0 {
		return end + 1
	}
	return 0
}

// columns is how wide a text is on a terminal.
func columns(s string) int {
	n := 0
	for s != "" {
		if skip := escapeLength(s); skip > 0 {
			s = s[skip:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		n += runeColumns(r)
		s = s[size:]
	}
	return n
}

// runeColumns knows what lessons are written in: East Asian characters take two columns, combining marks none.
func runeColumns(r rune) int {
	switch {
	case r >= 0x300 && r <= 0x36f, r == 0x200b, r == 0xfe0f:
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// wrap breaks a text into lines of at most width columns: at spaces, and between East Asian characters. A word that is
// longer has a line for itself. Styles that are open at a break are closed and opened again.
func wrap(s string, width int) []string {
	var lines []string
	var line strings.Builder
	used, open := 0, ""
	flush := func() {
		if open != "" {
			line.WriteString("\x1b[0m")
		}
		lines = append(lines, line.String())
		line.Reset()
		line.WriteString(open)
		used = 0
	}
	pending := false // a space, if anything follows on the line
	for _, w := range splitWords(s) {
		if w == " " || w == "\n" {
			pending = true
			continue
		}
		n := columns(w)
		space := 0
		if pending && used > 0 {
			space = 1
		}
		if used > 0 && used+space+n > width {
			flush()
			space = 0
		}
		if space == 1 {
			line.WriteByte(' ')
		}
		line.WriteString(w)
		used += space + n
		pending = false
		open = openStyles(open, w)
	}
	if used > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// openStyles is what is still switched on after a word.
func openStyles(open, w string) string {
	for w != "" {
		if n := escapeLength(w); n > 0 {
			if w[:n] == "\x1b[0m" {
				open = ""
			} else {
				open += w[:n]
			}
			w = w[n:]
			continue
		}
		w = w[1:]
	}
	return open
}

// splitWords cuts at spaces and around wide characters; escape sequences stay with what they are in.
func splitWords(s string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	last := rune(0)
	for s != "" {
		if n := escapeLength(s); n > 0 {
			word.WriteString(s[:n])
			s = s[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == ' ' || r == '\n':
			// A line end between two wide characters is no space: Chinese has none.
			if next, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \n")); r == '\n' && runeColumns(last) == 2 && runeColumns(next) == 2 {
				break
			}
			end()
			words = append(words, " ")
		case runeColumns(r) == 2 && !closing(r):
			end()
			word.WriteString(s[:n])
		default:
			if runeColumns(last) == 2 && runeColumns(r) == 1 && !closing(r) && word.Len() > 0 && !strings.HasSuffix(word.String(), "m") {
				end()
			}
			word.WriteString(s[:n])
		}
		last = r
		s = s[n:]
	}
	end()
	return words
}

// closing says whether a character may not begin a line.
func closing(r rune) bool {
	return strings.ContainsRune("，。、；：？！）」』】》”’", r) || strings.ContainsRune(",.;:?!)", r)
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
