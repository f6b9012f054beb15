package sh

import (
	"os"
	"strings"
	"testing"
)

// FuzzParse wants no panic, no endless loop, and a text that shrinks with every command.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("testdata/same.txt")
	if err != nil {
		f.Fatal(err)
	}
	for c := range strings.SplitSeq(string(text), "%%\n") {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for src != "" {
			n, u, rest, err := parseCommand(src, 1, map[string]string{"ll": "ls -l", "a": "a b"})
			if err != nil {
				return
			}
			if len(rest) >= len(src) {
				t.Fatalf("no progress in %q", src)
			}
			if n != nil {
				// What a forked shell does: read the same command again and find the same parts.
				_, again, _, err := parseCommand(u.src, 1, nil)
				if err != nil || len(again.nodes) != len(u.nodes) {
					t.Fatalf("%q reads differently the second time: %v", u.src, err)
				}
			}
			src = rest
		}
	})
}

// FuzzMatch wants patterns to be harmless, and a quoted text to match itself.
func FuzzMatch(f *testing.F) {
	f.Add("a*[b-d]?", "axxc1")
	f.Add("[[:]x", "x")
	f.Add("[[:alpha:]-\\", "x")
	f.Fuzz(func(t *testing.T, pat, s string) {
		if len(pat) > 200 || len(s) > 200 {
			return
		}
		match(pat, s)
		q := &field{}
		q.add(s, true)
		if !match(q.pattern(), s) {
			t.Fatalf("%q does not match itself as %q", s, q.pattern())
		}
	})
}
