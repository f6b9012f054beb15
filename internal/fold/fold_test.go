package fold

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		text            string
		indent, columns int
		want            string
	}{
		{"", 4, 20, ""},
		{"one  two\nthree", 0, 80, "one two three"},
		{"one two three", 0, 7, "one two\nthree"},
		{"one two three", 2, 9, "one two\n  three"},
		{"überlänge é", 0, 11, "überlänge é"},
		{"a word-that-is-too-long b", 1, 6, "a\n word-that-is-too-long\n b"},
	} {
		assert.Equal(t, c.want, Text(c.text, c.indent, c.columns), c.text)
	}
}
