package unionfs

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

func TestAdopt(t *testing.T) {
	testenv.Root(t)
	base, _ := apply(t, e{name: "tmp/", mode: 0o1777, uid: 3}, e{name: "a/", mode: 0o711}, e{name: "a/b/", mode: 0o700}, e{name: "was/", mode: 0o700}, e{name: "o/s/", mode: 0o700})
	mid, _ := apply(t, e{name: "x"}, e{name: ".wh.was"}, e{name: "o/"}, e{name: "o/.wh..wh..opq"})
	top, got := apply(t, e{name: "tmp/f"}, e{name: "a/b/c/f"}, e{name: "was/f"}, e{name: "o/s/f"})
	assert.Equal(t, []string{"a", "a/b", "a/b/c", "o", "o/s", "tmp", "was"}, got.Implied)
	require.NoError(t, Adopt(top, got.Implied, []string{mid, base}))
	want := map[string]string{
		"a": "drwx--x--x 0:0", "a/b": "drwx------ 0:0", "tmp": "dtrwxrwxrwx 3:0",
		"a/b/c": "drwxr-xr-x 0:0", "was": "drwxr-xr-x 0:0", "o": "drwxr-xr-x 0:0", "o/s": "drwxr-xr-x 0:0", // not below, or hidden
	}
	have := tree(t, top, false)
	for p, text := range want {
		assert.Equal(t, text, have[p], p)
	}
	fi, err := os.Stat(top + "/tmp")
	require.NoError(t, err)
	assert.True(t, fi.ModTime().Equal(stamp))
}

func TestSpread(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	var st unix.Statfs_t
	require.NoError(t, unix.Statfs(dir, &st))
	require.NoError(t, Spread(dir))
	require.NoError(t, Spread(dir), "twice is once")
	if st.Type == unix.EXT4_SUPER_MAGIC {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		require.NoError(t, err)
		defer unix.Close(fd)
		flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
		require.NoError(t, err)
		assert.NotZero(t, flags&fsTopdir)
	}
	assert.NoError(t, Spread("/proc"), "a file system without the flag")
	assert.ErrorIs(t, Spread(dir+"/no"), unix.ENOENT)
}
