package unionfs_test

import (
	"bufio"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// An example whose output is checked cannot be skipped, so the one that needs root is checked here, against its own comment.
func TestExampleMount(t *testing.T) {
	testenv.Overlay(t)
	out := os.Stdout
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	os.Stdout = w
	ExampleMount()
	os.Stdout = out
	require.NoError(t, w.Close())
	have, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, promised(t), string(have))
}

// promised is the comment at the end of ExampleMount.
func promised(t *testing.T) string {
	f, err := os.Open("example_test.go")
	require.NoError(t, err)
	defer f.Close()
	var b strings.Builder
	in := false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		switch {
		case line == "// As root this prints:":
			in = true
		case in && !strings.HasPrefix(line, "//"):
			return b.String()
		case in && line != "//":
			b.WriteString(strings.TrimPrefix(line, "// ") + "\n")
		}
	}
	return b.String()
}
