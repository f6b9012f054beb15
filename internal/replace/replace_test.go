package replace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"first", "2"} {
		require.NoError(t, File(path, []byte(text)))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
		assert.NoFileExists(t, path+".new")
	}
	assert.ErrorIs(t, File(filepath.Join(path, "below"), nil), unix.ENOTDIR)
}

func TestJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(`{"a":"long"}`), 0o600))
	before, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, JSON(path, []byte(`{"a":1}`)))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}     `, string(got))
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))
	assert.ErrorIs(t, JSON(path, []byte(strings.Repeat("x", 1<<20))), unix.ENOSPC)
	assert.ErrorIs(t, JSON(path+"2", nil), os.ErrNotExist)
}
