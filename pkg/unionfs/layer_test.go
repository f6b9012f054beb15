package unionfs

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// all has every kind of entry, in the order that Layer writes.
func all() []e {
	return []e{
		{name: ".wh.gone"},
		{name: "bin/"},
		{name: "bin/ping", body: "p", mode: 0o755, uid: 9, xattr: map[string]string{"security.capability": rawCap, "user.a": "1"}},
		{name: "bin/su", body: "s", mode: 0o4755},
		{name: "dev/"},
		{name: "dev/fifo", kind: tar.TypeFifo, mode: 0o600},
		{name: "dev/loop", kind: tar.TypeBlock, major: 7, minor: 3, mode: 0o660, gid: 6},
		{name: "dev/null", kind: tar.TypeChar, major: 1, minor: 3, mode: 0o666},
		{name: "empty/", mode: 0o700, uid: 4000000},
		{name: "links/"},
		{name: "links/a", body: "shared"},
		{name: "links/b", kind: tar.TypeLink, link: "links/a"},
		{name: "links/soft", kind: tar.TypeSymlink, link: "/links/a", mode: 0o777, uid: 3},
		{name: "opaque/"},
		{name: "opaque/.wh..wh..opq"},
		{name: "opaque/" + strings.Repeat("n", 200), body: "long"},
		{name: "tmp/", mode: 0o1777},
	}
}

func TestLayerRoundTrip(t *testing.T) {
	testenv.Root(t)
	dir, _ := apply(t, all()...)
	var first, second bytes.Buffer
	require.NoError(t, Layer(t.Context(), &first, dir))
	var names []string
	for r := tar.NewReader(bytes.NewReader(first.Bytes())); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		names = append(names, h.Name)
	}
	var want []string
	for _, e := range all() {
		want = append(want, e.name)
	}
	// A whiteout is written where the name that it deletes has its place in the order.
	want = append(want[1:9:9], append([]string{".wh.gone"}, want[9:]...)...)
	assert.Equal(t, want, names)

	again := filepath.Join(t.TempDir(), "again")
	_, err := Apply(t.Context(), again, bytes.NewReader(first.Bytes()), ApplyOptions{})
	require.NoError(t, err)
	have, expect := tree(t, again, true), tree(t, dir, true)
	delete(have, "gone") // the time of a whiteout means nothing
	delete(expect, "gone")
	assert.Equal(t, expect, have)
	require.NoError(t, Layer(t.Context(), &second, again))
	assert.True(t, bytes.Equal(first.Bytes(), second.Bytes()))
}

// tar(1) unpacks what Tree writes, and Apply what tar(1) writes, in each of its formats.
func TestAgainstTar(t *testing.T) {
	testenv.Root(t)
	prog := testenv.Have(t, "tar")
	dir, _ := apply(t, all()[1:]...)
	require.NoError(t, unix.Removexattr(filepath.Join(dir, "opaque"), "trusted.overlay.opaque"))
	want := tree(t, dir, true)
	var out bytes.Buffer
	require.NoError(t, Tree(t.Context(), &out, dir))

	theirs := t.TempDir()
	cmd := exec.Command(prog, "-C", theirs, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", "-")
	cmd.Stdin = &out
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	assert.Equal(t, want, tree(t, theirs, true))

	// A file with holes, which only tar can write.
	f, err := os.Create(filepath.Join(dir, "holes"))
	require.NoError(t, err)
	for _, off := range []int64{0, 1 << 20, 40<<20 + 77} {
		_, err = f.WriteAt([]byte("data"), off)
		require.NoError(t, err)
	}
	require.NoError(t, f.Truncate(64<<20))
	require.NoError(t, f.Close())
	require.NoError(t, os.Chtimes(f.Name(), stamp, stamp))
	want = tree(t, dir, true)
	for name, args := range map[string][]string{
		"pax":        {"--format=pax", "--xattrs", "--xattrs-include=*"},
		"sparse 0.0": {"--format=pax", "--sparse-version=0.0", "--xattrs", "--xattrs-include=*"},
		"sparse 0.1": {"--format=pax", "--sparse-version=0.1", "--xattrs", "--xattrs-include=*"},
		"gnu":        {"--format=gnu"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := exec.Command(prog, append(args, "-C", dir, "-S", "-cf", "-", ".")...).Output()
			require.NoError(t, err)
			require.Less(t, len(data), 1<<20)
			ours := filepath.Join(t.TempDir(), "l")
			_, err = Apply(t.Context(), ours, bytes.NewReader(data), ApplyOptions{})
			require.NoError(t, err)
			if name == "gnu" { // which has neither attributes nor fractions of a second
				assert.Len(t, tree(t, ours, false), len(want))
			} else {
				assert.Equal(t, want, tree(t, ours, true))
			}
			var st unix.Stat_t
			require.NoError(t, unix.Stat(filepath.Join(ours, "holes"), &st))
			assert.Equal(t, int64(64<<20), st.Size)
			assert.Less(t, st.Blocks*512, int64(1<<20), "the holes are kept")
		})
	}
}

func TestLayerRefuses(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	put(t, dir, map[string]string{"d/.wh.f": ""})
	assert.ErrorIs(t, Layer(t.Context(), io.Discard, dir), unix.EINVAL)
	assert.NoError(t, Tree(t.Context(), io.Discard, dir))

	dir = t.TempDir()
	put(t, dir, map[string]string{"d/": "", "f": ""})
	require.NoError(t, unix.Setxattr(filepath.Join(dir, "d"), "trusted.overlay.redirect", []byte("/x"), 0))
	assert.ErrorIs(t, Layer(t.Context(), io.Discard, dir), ErrNotPlain)
	require.NoError(t, unix.Removexattr(filepath.Join(dir, "d"), "trusted.overlay.redirect"))
	require.NoError(t, unix.Setxattr(filepath.Join(dir, "f"), "trusted.overlay.metacopy", nil, 0))
	assert.ErrorIs(t, Layer(t.Context(), io.Discard, dir), ErrNotPlain)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, Tree(ctx, io.Discard, dir), context.Canceled)
	assert.ErrorIs(t, Tree(t.Context(), io.Discard, filepath.Join(dir, "f")), unix.ENOTDIR)
}

// Tree stays on its file system and does not wait for anyone at a FIFO or socket.
func TestTreeStaysHere(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	put(t, dir, map[string]string{"mnt/": "", "f": "1"})
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	require.NoError(t, unix.Mknod(filepath.Join(dir, "socket"), unix.S_IFSOCK|0o600, 0))
	require.NoError(t, unix.Mount("tmpfs", filepath.Join(dir, "mnt"), "tmpfs", 0, ""))
	t.Cleanup(func() { unix.Unmount(filepath.Join(dir, "mnt"), 0) })
	put(t, dir, map[string]string{"mnt/inside": "x"})
	var out bytes.Buffer
	require.NoError(t, Tree(t.Context(), &out, dir))
	var names []string
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		names = append(names, h.Name)
	}
	assert.Equal(t, []string{"f", "fifo", "mnt/"}, names)
}
