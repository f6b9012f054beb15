package carry_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/carry"
	"github.com/container-labs/lab/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func place(t *testing.T, dir string) carry.Place {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	return carry.Place{Root: fd}
}

func quiet(string, ...any) {}

// copyTo is a whole copy; owner ids are the test's own, so that it needs no root.
func copyTo(from carry.Place, name string, to carry.Place, target string) error {
	s, err := from.Open(name, false)
	if err != nil {
		return err
	}
	defer s.Close()
	d, err := to.Target(target, s)
	if err != nil {
		return err
	}
	defer d.Close()
	var stream bytes.Buffer
	if err := carry.Pack(context.Background(), &stream, s, d.Name, carry.Packing{Warn: quiet}); err != nil {
		return err
	}
	return carry.Unpack(context.Background(), &stream, d.Dir, unpacking())
}

func unpacking() carry.Unpacking {
	return carry.Unpacking{Warn: quiet, Owner: func(int, int) (int, int) { return os.Getuid(), os.Getgid() }}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// The table of docker cp's documentation.
func TestTargetRule(t *testing.T) {
	for _, c := range []struct {
		from, to, made string
		err            error
	}{
		{"f", "new", "new", nil},
		{"f", "new/", "", carry.ErrNoDir},
		{"f", "file", "file", nil},
		{"f", "file/", "", unix.ENOTDIR},
		{"f", "dir", "dir/f", nil},
		{"f", "dir/", "dir/f", nil},
		{"f", "dir/x", "dir/x", nil},
		{"f", "no/x", "", carry.ErrNoParent},
		{"f", "/", "f", nil},
		{"d", "new", "new/in", nil},
		{"d", "new/", "new/in", nil},
		{"d", "file", "", carry.ErrDirToFile},
		{"d", "dir", "dir/d/in", nil},
		{"d/", "dir", "dir/d/in", nil},
		{"d/.", "dir", "dir/in", nil},
		{"d/.", "new", "new/in", nil},
		{"f", "todir", "dir/f", nil},
		{"f", "tofile", "file", nil},
		{"f", "tonothing", "nothing", nil},
		{"f", "loop", "", unix.ELOOP},
		{"f", "updir", "dir/f", nil},
	} {
		from, to := t.TempDir(), t.TempDir()
		write(t, from+"/f", "new text")
		write(t, from+"/d/in", "new text")
		write(t, to+"/file", "old text")
		require.NoError(t, os.Mkdir(to+"/dir", 0o755))
		for link, target := range map[string]string{"todir": "/dir", "tofile": "dir/../file", "tonothing": "nothing", "loop": "loop", "updir": "../../../../dir"} {
			require.NoError(t, os.Symlink(target, to+"/"+link))
		}
		err := copyTo(place(t, from), c.from, place(t, to), c.to)
		if c.err != nil {
			assert.ErrorIs(t, err, c.err, "%s to %s", c.from, c.to)
			assert.Equal(t, "old text", read(t, to+"/file"))
			continue
		}
		if assert.NoError(t, err, "%s to %s", c.from, c.to) {
			assert.Equal(t, "new text", read(t, filepath.Join(to, c.made)), "%s to %s", c.from, c.to)
		}
	}
}

func TestKindsDoNotReplaceEachOther(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, from+"/d/x/y", "a directory x")
	write(t, from+"/e/x", "a file x")
	write(t, to+"/file/d/x", "a file")
	write(t, to+"/dir/e/x/y", "a directory")
	assert.ErrorContains(t, copyTo(place(t, from), "d", place(t, to), "file"), "cannot overwrite non-directory with directory")
	assert.ErrorContains(t, copyTo(place(t, from), "e", place(t, to), "dir"), "cannot overwrite directory with non-directory")
}

func archive(t *testing.T, entries ...*tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		if h.Typeflag == tar.TypeReg {
			h.Size = 4
		}
		h.Mode |= 0o644
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write([]byte("evil"))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return &b
}

func TestHostileStreams(t *testing.T) {
	outside := t.TempDir()
	write(t, outside+"/secret", "secret")
	for name, entries := range map[string][]*tar.Header{
		"dots":            {{Name: "../evil", Typeflag: tar.TypeReg}},
		"dots inside":     {{Name: "a/../../evil", Typeflag: tar.TypeReg}},
		"through a link":  {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: outside}, {Name: "l/evil", Typeflag: tar.TypeReg}},
		"directory there": {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: outside}, {Name: "l/", Typeflag: tar.TypeDir}},
		"hard link out":   {{Name: "h", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"}},
		"hard link by link": {
			{Name: "l", Typeflag: tar.TypeSymlink, Linkname: outside}, {Name: "h", Typeflag: tar.TypeLink, Linkname: "l/secret"},
		},
		"unknown": {{Name: "x", Typeflag: '9'}},
	} {
		to := t.TempDir()
		target, err := place(t, to).Into("/")
		require.NoError(t, err)
		assert.Error(t, carry.Unpack(context.Background(), archive(t, entries...), target.Dir, unpacking()), name)
		target.Close()
		assert.NoFileExists(t, outside+"/evil", name)
		assert.NoFileExists(t, filepath.Dir(to)+"/evil", name)
	}
	// a link that a file replaces is replaced, not written through
	to := t.TempDir()
	require.NoError(t, os.Symlink(outside+"/secret", to+"/x"))
	target, err := place(t, to).Into("/")
	require.NoError(t, err)
	defer target.Close()
	require.NoError(t, carry.Unpack(context.Background(), archive(t, &tar.Header{Name: "x", Typeflag: tar.TypeReg}), target.Dir, unpacking()))
	assert.Equal(t, "secret", read(t, outside+"/secret"))
	assert.Equal(t, "evil", read(t, to+"/x"))
}

// Somebody in the tree swaps a directory for a link that leads out, as fast as it can, while files are copied in and out.
func TestSwappedDirectories(t *testing.T) {
	outside, tree, host := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, outside+"/in", "SECRET")
	write(t, tree+"/d/in", "honest")
	write(t, host+"/s/in", "copied")
	var stop atomic.Bool
	var swapper sync.WaitGroup
	swapper.Go(func() {
		_ = os.Symlink(outside, tree+"/l")
		for !stop.Load() {
			_ = unix.Renameat2(unix.AT_FDCWD, tree+"/d", unix.AT_FDCWD, tree+"/l", unix.RENAME_EXCHANGE)
		}
	})
	inside, home := place(t, tree), place(t, host)
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		_ = copyTo(inside, "d/in", home, "got")
		_ = copyTo(inside, "d", home, "all")
		if data, err := os.ReadFile(host + "/got"); err == nil {
			require.NotEqual(t, "SECRET", string(data))
		}
		if info, err := os.Lstat(host + "/all"); err == nil && info.IsDir() { // else it is the link, copied as a link
			if data, err := os.ReadFile(host + "/all/in"); err == nil {
				require.NotEqual(t, "SECRET", string(data))
			}
		}
		_ = os.RemoveAll(host + "/all")
		_ = copyTo(home, "s/in", inside, "d/in")
		_ = copyTo(home, "s", inside, "d")
		_ = copyTo(home, "s/.", inside, "d")
		require.Equal(t, "SECRET", read(t, outside+"/in"))
		require.NoDirExists(t, outside+"/s")
	}
	stop.Store(true)
	swapper.Wait()
}

func TestAttributesAndHoles(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, from+"/d/a", "text")
	require.NoError(t, os.Chmod(from+"/d/a", 0o640))
	require.NoError(t, os.Link(from+"/d/a", from+"/d/b"))
	require.NoError(t, os.Symlink("nowhere", from+"/d/l"))
	require.NoError(t, unix.Mkfifo(from+"/d/p", 0o600))
	require.NoError(t, os.WriteFile(from+"/d/sparse", nil, 0o644))
	require.NoError(t, os.Truncate(from+"/d/sparse", 64<<20))
	old := time.Unix(981_173_106, 123_456_789)
	require.NoError(t, os.Chtimes(from+"/d/a", old, old))
	require.NoError(t, os.Chtimes(from+"/d", old, old))
	if err := unix.Setxattr(from+"/d/a", "user.note", []byte("kept"), 0); err != nil {
		t.Logf("no user attributes here: %v", err)
	}
	require.NoError(t, copyTo(place(t, from), "d", place(t, to), "/"))
	var a, b, s, d unix.Stat_t
	require.NoError(t, errors.Join(unix.Stat(to+"/d/a", &a), unix.Stat(to+"/d/b", &b), unix.Stat(to+"/d/sparse", &s), unix.Stat(to+"/d", &d)))
	assert.Equal(t, a.Ino, b.Ino, "a hard link stays one")
	assert.EqualValues(t, 0o640, a.Mode&0o7777)
	assert.Equal(t, old.UnixNano(), a.Mtim.Nano())
	assert.Equal(t, old.UnixNano(), d.Mtim.Nano())
	assert.EqualValues(t, 64<<20, s.Size)
	assert.Less(t, s.Blocks*512, int64(1<<20))
	link, err := os.Readlink(to + "/d/l")
	require.NoError(t, err)
	assert.Equal(t, "nowhere", link)
	info, err := os.Lstat(to + "/d/p")
	require.NoError(t, err)
	assert.Equal(t, os.ModeNamedPipe, info.Mode().Type())
	value := make([]byte, 16)
	if n, err := unix.Getxattr(from+"/d/a", "user.note", value); err == nil {
		m, err := unix.Getxattr(to+"/d/a", "user.note", value[n:])
		require.NoError(t, err)
		assert.Equal(t, "kept", string(value[n:n+m]))
	}
}

// On a full disk the old file stays, and of the new one nothing.
func TestFullDisk(t *testing.T) {
	testenv.Root(t)
	to := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", to, "tmpfs", 0, "size=1m"))
	defer func() { require.NoError(t, unix.Unmount(to, 0)) }()
	write(t, to+"/f", "the old file")
	from := t.TempDir()
	write(t, from+"/f", strings.Repeat("x", 4<<20))
	inside := carry.Place{}
	var err error
	inside.Root, err = unix.Open(to, unix.O_PATH|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	err = copyTo(place(t, from), "f", inside, "f")
	require.NoError(t, unix.Close(inside.Root))
	require.ErrorIs(t, err, unix.ENOSPC)
	assert.Equal(t, "the old file", read(t, to+"/f"))
	entries, err := os.ReadDir(to)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// A file that a mount covers is written to: a rename would take the mount away.
func TestCoveredFileIsWrittenTo(t *testing.T) {
	testenv.Root(t)
	to, volume, from := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, to+"/f", "below")
	write(t, volume+"/f", "volume")
	write(t, from+"/f", "new")
	require.NoError(t, unix.Mount(volume+"/f", to+"/f", "", unix.MS_BIND, ""))
	defer func() { require.NoError(t, unix.Unmount(to+"/f", 0)) }()
	require.NoError(t, copyTo(place(t, from), "f", place(t, to), "f"))
	assert.Equal(t, "new", read(t, volume+"/f"))
}
