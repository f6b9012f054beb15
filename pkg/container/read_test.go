package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReaderReadsRecordsOfAnySizeIntoOneBuffer(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	long := strings.Repeat("x", 10_000)
	for id, command := range map[string]string{"short": "true", "long": long, "after": "false"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir.Name(), id), 0o700))
		require.NoError(t, State{ID: id, Command: []string{command}}.Write(filepath.Join(dir.Name(), id)))
	}
	r := NewReader(dir)
	var read []State
	for _, id := range []string{"short", "long", "after"} {
		s, err := r.State(id)
		require.NoError(t, err)
		read = append(read, s)
	}
	for i, want := range []string{"true", long, "false"} {
		assert.Equal(t, []string{want}, read[i].Command, "what was read before stays")
	}
	_, err = r.State("none")
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, filepath.Join(dir.Name(), "none", stateFile))
	require.NoError(t, os.WriteFile(filepath.Join(dir.Name(), "short", stateFile), []byte("{"), 0o600))
	_, err = r.State("short")
	assert.ErrorContains(t, err, "in "+filepath.Join(dir.Name(), "short"))
}

// A record whose end is where a buffer ends is read to its end.
func TestReadAtTheEdgeOfTheBuffer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 1, 7, 8, 9, 15, 16, 17, 64} {
		text := strings.Repeat("x", size)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		data, err := readAt(-1, path, make([]byte, 8))
		require.NoError(t, err)
		assert.Equal(t, text, string(data))
	}
}
