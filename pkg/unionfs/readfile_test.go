package unionfs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/unionfs"
)

func TestReadFileSeesTheMergedTree(t *testing.T) {
	testenv.Root(t)
	top, bottom := t.TempDir(), t.TempDir()
	write := func(layer, name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(layer, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(layer, name), []byte(text), 0o644))
	}
	write(bottom, "etc/passwd", "lower")
	write(bottom, "etc/group", "lower group")
	write(bottom, "etc/gone", "deleted above")
	write(bottom, "opaque/hidden", "hidden")
	write(bottom, "usr/lib/os-release", "os")
	write(bottom, "file/below", "a directory here")
	write(top, "etc/passwd", "upper")
	write(top, "opaque/seen", "seen")
	write(top, "file", "a file above")
	require.NoError(t, unix.Mknod(filepath.Join(top, "etc/gone"), unix.S_IFCHR, 0))
	require.NoError(t, unix.Setxattr(filepath.Join(top, "opaque"), "trusted.overlay.opaque", []byte("y"), 0))
	require.NoError(t, os.Symlink("../usr/lib/os-release", filepath.Join(top, "etc/os-release")))
	require.NoError(t, os.Symlink("/etc", filepath.Join(top, "link")))
	require.NoError(t, os.Symlink("../../../../../../etc/shadow", filepath.Join(top, "out")))
	require.NoError(t, os.Symlink("loop", filepath.Join(top, "loop")))

	for name, want := range map[string]string{
		"etc/passwd": "upper", "/etc/group": "lower group", "opaque/seen": "seen", "etc/os-release": "os",
		"link/passwd": "upper", "/link/../link/group": "lower group", "file": "a file above",
	} {
		got, err := unionfs.ReadFile([]string{top, bottom}, name)
		require.NoError(t, err, name)
		assert.Equal(t, want, string(got), name)
	}
	for name, want := range map[string]error{
		"etc/gone": fs.ErrNotExist, "opaque/hidden": fs.ErrNotExist, "nothing": fs.ErrNotExist, "out": fs.ErrNotExist,
		"loop": unix.ELOOP, "etc": unix.EISDIR, "file/below": unix.ENOTDIR, "etc/passwd/x": unix.ENOTDIR,
	} {
		_, err := unionfs.ReadFile([]string{top, bottom}, name)
		assert.ErrorIs(t, err, want, name)
	}
}
