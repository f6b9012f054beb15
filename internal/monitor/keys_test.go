package monitor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseDetachKeys(t *testing.T) {
	for text, want := range map[string]string{"": "\x10\x11", "ctrl-p,ctrl-q": "\x10\x11", "ctrl-a": "\x01", "a,B": "aB", "ctrl-[,ctrl-@": "\x1b\x00", "CTRL-\\": "\x1c"} {
		keys, err := ParseKeys(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, string(keys), text)
	}
	for _, text := range []string{"ctrl-", "ctrl-1", "ab", "a,,b", "ctrl-pp"} {
		_, err := ParseKeys(text)
		assert.ErrorContains(t, err, "invalid detach keys ("+text+") provided")
	}
}

func TestEscape(t *testing.T) {
	for _, c := range []struct {
		keys  string
		typed []string
		text  string
		leave bool
	}{
		{"\x10\x11", []string{"abc"}, "abc", false},
		{"\x10\x11", []string{"a\x10", "\x11b"}, "a", true},
		{"\x10\x11", []string{"a\x10", "b"}, "a\x10b", false},
		{"\x10\x11", []string{"\x10", "\x10", "\x11"}, "\x10", true},
		{"aab", []string{"aaab"}, "a", true},
		{"abac", []string{"ababac"}, "ab", true},
	} {
		e := Escape{Keys: []byte(c.keys)}
		var text []byte
		leave := false
		for _, part := range c.typed {
			var some []byte
			some, leave = e.Pass([]byte(part))
			text = append(text, some...)
		}
		assert.Equal(t, c.text, string(text), c)
		assert.Equal(t, c.leave, leave, c)
	}
}
