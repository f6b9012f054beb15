package course

import (
	"strings"
	"unicode/utf8"
)

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
