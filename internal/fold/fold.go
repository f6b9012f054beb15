// Package fold breaks texts for a terminal.
package fold

import (
	"strings"
	"unicode/utf8"
)

// Text breaks a text at its blanks so that no line is longer than columns, and indents all lines but the first, which begins
// at column indent already. A word that is too long for any line is left whole.
func Text(text string, indent, columns int) string {
	var b strings.Builder
	at := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > columns:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
