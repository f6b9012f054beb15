package container_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/container"
)

// A container can fill the disk that its own record is on.
func TestStateOnAFullDisk(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, 0)) })

	s := container.State{ID: "id", Status: container.Running, PID: 1, Image: strings.Repeat("long", 100)}
	require.NoError(t, s.Write(dir))
	require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "fill"), make([]byte, 1<<20), 0o600), unix.ENOSPC)

	s.Status, s.PID, s.Image = container.Exited, 0, "short"
	require.NoError(t, s.Write(dir))
	got, err := container.ReadState(dir)
	require.NoError(t, err)
	assert.Equal(t, container.Exited, got.Status)
	assert.Equal(t, "short", got.Image)
	assert.NoFileExists(t, filepath.Join(dir, "state.json.new"))

	s.Image = strings.Repeat("too long", 10_000)
	assert.ErrorIs(t, s.Write(dir), unix.ENOSPC, "and what does not fit leaves the old record alone")
	got, err = container.ReadState(dir)
	require.NoError(t, err)
	assert.Equal(t, "short", got.Image)
}
