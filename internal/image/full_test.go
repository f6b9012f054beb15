package image

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// On a disk without a free byte an image can still be removed, which makes room.
func TestRemoveOnAFullDisk(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, 0)) })
	s, err := Open(filepath.Join(dir, "store"))
	require.NoError(t, err)
	for _, name := range []string{"one", "two"} {
		_, err = s.Add(t.Context(), name, ConfigFile{Author: name}, nil)
		require.NoError(t, err)
	}
	fill, err := os.Create(filepath.Join(dir, "fill"))
	require.NoError(t, err)
	defer fill.Close()
	for size := 1 << 16; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = fill.Write(make([]byte, size))
		}
	}
	require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "more"), []byte("x"), 0o600), unix.ENOSPC)
	_, err = s.Remove(t.Context(), "one", RemoveOptions{})
	require.NoError(t, err)
	list, err := s.List()
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "two:latest", list[0].Familiar())
}
