package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// What is longer than the screen goes to $PAGER, and only where somebody has set it.
func TestLessonsArePaged(t *testing.T) {
	testenv.Lab(t)
	t.Setenv("LAB_COURSE", t.TempDir())
	t.Setenv("LC_ALL", "C")
	for _, test := range []struct {
		what, pager string
		rows        uint16
		paged       bool
	}{
		{"longer than the screen", "sed s/^/paged:/", 24, true},
		{"shorter", "sed s/^/paged:/", 500, false},
		{"no pager", "", 24, false},
		{"cat", "cat", 24, false},
		{"one that is not there", "no-such-pager", 24, false},
		{"one that is left at once", "head -n 1 | sed s/^/paged:/", 24, true},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Setenv("PAGER", test.pager)
			p := newPTY(t)
			p.size(test.rows, 80)
			require.NoError(t, p.run("course", "show", "000").Wait())
			p.waitFor("Meet your machine")
			assert.Equal(t, test.paged, strings.Contains(p.text(), "paged:"), p.text())
			if !test.paged {
				p.waitFor("What Docker does differently")
			}
		})
	}
}
