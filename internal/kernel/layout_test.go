package kernel

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A line of 80 characters with a blank behind it would leave an empty line in a terminal.
func TestFoldEndsNoLineInABlank(t *testing.T) {
	for n := 60; n < 90; n++ {
		text := strings.Repeat("a", n) + " (no such file or directory) MS_REC|MS_PRIVATE"
		folded := fold(text, 6)
		for line := range strings.Lines(folded) {
			line = strings.TrimSuffix(line, "\n")
			assert.Equal(t, strings.TrimRight(line, " "), line)
			assert.True(t, len(line) <= columns || !strings.ContainsAny(line, " |"), line)
		}
		assert.Equal(t, strings.Fields(text), strings.Fields(strings.ReplaceAll(folded, "|\n      ", "|")))
	}
}
