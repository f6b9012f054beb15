package kernel

import (
	"strings"
	"unicode/utf8"
)

const columns = 80

// rule says who makes the calls that follow: lab, or the process that becomes the container.
func rule(child bool) string {
	who := "── lab itself "
	if child {
		who = "── the new process "
	}
	return who + strings.Repeat("─", columns-utf8.RuneCountInString(who)) + "\n"
}

// apart puts right at the end of text's last line, or of the next where there is no room.
func apart(text, right string, indent int) string {
	text = fold(text, indent)
	if right == "" {
		return text + "\n"
	}
	last := utf8.RuneCountInString(text[strings.LastIndexByte(text, '\n')+1:])
	room := columns - last - utf8.RuneCountInString(right)
	if room < 1 {
		text += "\n"
		room = columns - utf8.RuneCountInString(right)
	}
	return text + strings.Repeat(" ", max(room, 1)) + right + "\n"
}

// fold breaks a line to the terminal's width, at spaces and between flags; the parts after the first are indented. A word
// that is too long for any line, a path mostly, is left whole.
func fold(text string, indent int) string {
	var b strings.Builder
	line := ""
	for i, word := range words(text) {
		width := utf8.RuneCountInString(line)
		if i > 0 && width+utf8.RuneCountInString(strings.TrimRight(word, " ")) > columns && width > indent {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", indent)
		}
		line += word
	}
	return b.String() + line
}

func words(text string) []string {
	var list []string
	for text != "" {
		n := strings.IndexAny(text, " |") + 1
		if n == 0 {
			n = len(text)
		}
		list, text = append(list, text[:n]), text[n:]
	}
	return list
}

// abbreviate shortens what is 64 hexadecimal digits long, an id or a digest, to its first twelve.
func abbreviate(text string) string {
	const long, short = 64, 12
	run := 0
	var b strings.Builder
	from := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isHex(text[i]) {
			run++
			continue
		}
		if run == long {
			b.WriteString(text[from:i-long+short] + "…")
			from = i
		}
		run = 0
	}
	return b.String() + text[from:]
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
