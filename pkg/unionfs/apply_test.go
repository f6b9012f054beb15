package unionfs

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

const rawCap = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" // cap_net_raw+ep

func TestApplyKeepsEverything(t *testing.T) {
	testenv.Root(t)
	long := strings.Repeat("n", 180)
	dir, got := apply(t,
		e{name: "./", mode: 0o711},
		e{name: "etc/", mode: 0o750, uid: 7, gid: 8},
		e{name: "etc/motd", body: "hello", uid: 1000, gid: 3000000, mode: 0o640},
		e{name: "etc/hard", kind: tar.TypeLink, link: "./etc/motd"},
		e{name: "etc/soft", kind: tar.TypeSymlink, link: "/etc/motd", uid: 5, gid: 6},
		e{name: "bin/su", body: "x", mode: 0o4755, uid: 1},
		e{name: "bin/sg", body: "x", mode: 0o2755},
		e{name: "bin/ping", body: "x", mode: 0o755, uid: 9, xattr: map[string]string{"security.capability": rawCap, "user.a": "1\x00\n2"}},
		e{name: "tmp/", mode: 0o1777},
		e{name: "sgid/", mode: 0o2775, gid: 50},
		e{name: "sgid/child", body: "not of group 50"},
		e{name: "dev/null", kind: tar.TypeChar, major: 1, minor: 3, mode: 0o666},
		e{name: "dev/loop", kind: tar.TypeBlock, major: 7, minor: 300, mode: 0o660, gid: 6},
		e{name: "dev/fifo", kind: tar.TypeFifo, mode: 0o622},
		e{name: "wide", body: "w", mode: 0o666},
		e{name: "/abs//name/" + long + "/./f", body: "long"},
		e{name: "empty/"},
		e{name: "locked/", mode: 0o001},
		e{name: "locked/in", body: "in", mode: 0o001},
		e{name: "with space\tand ünïcode-中", body: ""},
	)
	const at = " 2023-11-14T22:13:20.123456789Z"
	want := map[string]string{
		"etc":                       "drwxr-x--- 7:8" + at,
		"etc/motd":                  "-rw-r----- 1000:3000000 hello" + " = etc/hard" + at,
		"etc/hard":                  "-rw-r----- 1000:3000000 hello" + at,
		"etc/soft":                  "Lrwxrwxrwx 5:6 -> /etc/motd" + at,
		"bin/su":                    "urwxr-xr-x 1:0 x" + at,
		"bin/sg":                    "grwxr-xr-x 0:0 x" + at,
		"bin/ping":                  "-rwxr-xr-x 9:0 x security.capability=" + rawCap + " user.a=1\x00\n2" + at,
		"tmp":                       "dtrwxrwxrwx 0:0" + at,
		"sgid":                      "dgrwxrwxr-x 0:50" + at,
		"sgid/child":                "-rw-r--r-- 0:0 not of group 50" + at,
		"dev/null":                  "Dcrw-rw-rw- 0:0 1,3" + at,
		"dev/loop":                  "Drw-rw---- 0:6 7,300" + at,
		"dev/fifo":                  "prw--w--w- 0:0" + at,
		"wide":                      "-rw-rw-rw- 0:0 w" + at,
		"abs/name/" + long + "/f":   "-rw-r--r-- 0:0 long" + at,
		"empty":                     "drwxr-xr-x 0:0" + at,
		"locked":                    "d--------x 0:0" + at,
		"locked/in":                 "---------x 0:0 in" + at,
		"with space\tand ünïcode-中": "-rw-r--r-- 0:0" + " " + at,
	}
	have := tree(t, dir, true)
	for _, implied := range []string{"bin", "dev", "abs", "abs/name", "abs/name/" + long} {
		assert.Contains(t, have[implied], "drwxr-xr-x 0:0", implied)
		delete(have, implied)
	}
	assert.Equal(t, want, have)
	assert.Equal(t, []string{"abs", "abs/name", "abs/name/" + long, "bin", "dev"}, got.Implied)
	assert.Equal(t, int64(5+1+1+1+15+1+4+2), got.Bytes)
	var st unix.Stat_t
	require.NoError(t, unix.Stat(dir, &st))
	assert.Equal(t, uint32(0o711), st.Mode&0o7777)
	assert.Equal(t, stamp.UnixNano(), st.Mtim.Nano())
}

// The same names in every order must end in what the last entry said.
func TestApplyOrder(t *testing.T) {
	testenv.Root(t)
	file := func(name, body string) e { return e{name: name, body: body} }
	for name, tc := range map[string]struct {
		entries []e
		want    map[string]string
	}{
		"later file wins":       {[]e{file("a", "1"), file("a", "2"), file("a", "3")}, map[string]string{"a": "-rw-r--r-- 0:0 3"}},
		"file then link":        {[]e{file("a", "1"), {name: "a", kind: tar.TypeSymlink, link: "b"}}, map[string]string{"a": "Lrwxrwxrwx 0:0 -> b"}},
		"link then file":        {[]e{{name: "a", kind: tar.TypeSymlink, link: "b"}, file("a", "1")}, map[string]string{"a": "-rw-r--r-- 0:0 1"}},
		"file becomes dir":      {[]e{file("a", "1"), {name: "a/"}, file("a/b", "2")}, map[string]string{"a": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "a/b": "-rw-r--r-- 0:0 2"}},
		"link becomes dir":      {[]e{{name: "a", kind: tar.TypeSymlink, link: "/etc"}, {name: "a/"}, file("a/b", "2")}, map[string]string{"a": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "a/b": "-rw-r--r-- 0:0 2"}},
		"dir becomes file":      {[]e{{name: "a/"}, file("a/b", "2"), {name: "a/c/"}, file("a/c/d", "3"), file("a", "1")}, map[string]string{"a": "-rw-r--r-- 0:0 1"}},
		"dir, file, dir":        {[]e{file("a/b", "2"), file("a", "1"), file("z", ""), {name: "a/"}, file("a/c", "3")}, map[string]string{"a": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "a/c": "-rw-r--r-- 0:0 3", "z": "-rw-r--r-- 0:0 "}},
		"mode of a known dir":   {[]e{file("a/b", "2"), {name: "a/", mode: 0o700, uid: 3}}, map[string]string{"a": "drwx------ 3:0", "a/b": "-rw-r--r-- 0:0 2"}},
		"whiteout":              {[]e{file(".wh.a", "")}, map[string]string{"a": "Dc--------- 0:0 0,0"}},
		"whiteout then file":    {[]e{file(".wh.a", ""), file("a", "1")}, map[string]string{"a": "-rw-r--r-- 0:0 1"}},
		"file then whiteout":    {[]e{file("a", "1"), file(".wh.a", "")}, map[string]string{"a": "-rw-r--r-- 0:0 1"}},
		"whiteout then dir":     {[]e{file(".wh.a", ""), {name: "a/"}}, map[string]string{"a": "drwxr-xr-x 0:0 trusted.overlay.opaque=y"}},
		"dir then whiteout":     {[]e{{name: "a/"}, file(".wh.a", "")}, map[string]string{"a": "drwxr-xr-x 0:0 trusted.overlay.opaque=y"}},
		"whiteout then implied": {[]e{file(".wh.a", ""), file("a/b", "1")}, map[string]string{"a": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "a/b": "-rw-r--r-- 0:0 1"}},
		"whiteout twice":        {[]e{file("d/.wh.a", ""), file("d/.wh.a", "")}, map[string]string{"d": "drwxr-xr-x 0:0", "d/a": "Dc--------- 0:0 0,0"}},
		"opaque first":          {[]e{file("d/.wh..wh..opq", ""), file("d/a", "1")}, map[string]string{"d": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "d/a": "-rw-r--r-- 0:0 1"}},
		"opaque last":           {[]e{{name: "d/"}, file("d/a", "1"), file("d/.wh..wh..opq", "")}, map[string]string{"d": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "d/a": "-rw-r--r-- 0:0 1"}},
		"whiteout in an opaque": {[]e{file("d/.wh..wh..opq", ""), file("d/.wh.a", ""), file("d/s/.wh.b", ""), file("d/s/c", "1")}, map[string]string{"d": "drwxr-xr-x 0:0 trusted.overlay.opaque=y", "d/s": "drwxr-xr-x 0:0", "d/s/c": "-rw-r--r-- 0:0 1"}},
		"hard link, replaced":   {[]e{file("a", "1"), {name: "b", kind: tar.TypeLink, link: "a"}, file("a", "2")}, map[string]string{"a": "-rw-r--r-- 0:0 2", "b": "-rw-r--r-- 0:0 1"}},
		"hard link over a file": {[]e{file("a", "1"), file("b", "2"), {name: "b", kind: tar.TypeLink, link: "a"}}, map[string]string{"a": "-rw-r--r-- 0:0 1", "b": "-rw-r--r-- 0:0 1 = a"}},
		"hard link to itself":   {[]e{file("a", "1"), {name: "a", kind: tar.TypeLink, link: "a"}}, map[string]string{"a": "-rw-r--r-- 0:0 1"}},
		"hard link to a link":   {[]e{{name: "a", kind: tar.TypeSymlink, link: "/x"}, {name: "b", kind: tar.TypeLink, link: "a"}}, map[string]string{"a": "Lrwxrwxrwx 0:0 -> /x", "b": "Lrwxrwxrwx 0:0 -> /x = a"}},
		"aufs leftovers":        {[]e{{name: ".wh..wh.plnk/"}, file(".wh..wh.plnk/1.2", "x"), file(".wh..wh.aufs", ""), file("a", "1")}, map[string]string{"a": "-rw-r--r-- 0:0 1"}},
		"overlay attributes":    {[]e{{name: "d/", xattr: map[string]string{"trusted.overlay.redirect": "/etc", "user.overlay.opaque": "y", "user.ok": "1"}}}, map[string]string{"d": "drwxr-xr-x 0:0 user.ok=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := apply(t, tc.entries...)
			assert.Equal(t, tc.want, tree(t, dir, false))
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	testenv.Root(t)
	for name, tc := range map[string]struct {
		entries []e
		want    error
	}{
		"dotdot":                   {[]e{{name: "../out", body: "x"}}, ErrUnsafe},
		"dotdot inside":            {[]e{{name: "a/../b", body: "x"}}, ErrUnsafe},
		"absolute dotdot":          {[]e{{name: "/../out", body: "x"}}, ErrUnsafe},
		"dotdot at the end":        {[]e{{name: "a/.."}}, ErrUnsafe},
		"dir dotdot":               {[]e{{name: "../"}}, ErrUnsafe},
		"through a link":           {[]e{{name: "l", kind: tar.TypeSymlink, link: ".."}, {name: "l/out", body: "x"}}, ErrUnsafe},
		"through a link in a dir":  {[]e{{name: "d/l", kind: tar.TypeSymlink, link: "../.."}, {name: "d/l/sub/out", body: "x"}}, ErrUnsafe},
		"dir through a link":       {[]e{{name: "l", kind: tar.TypeSymlink, link: ".."}, {name: "l/out/"}}, ErrUnsafe},
		"whiteout through a link":  {[]e{{name: "l", kind: tar.TypeSymlink, link: ".."}, {name: "l/.wh.sentinel"}}, ErrUnsafe},
		"opaque through a link":    {[]e{{name: "l", kind: tar.TypeSymlink, link: ".."}, {name: "l/.wh..wh..opq"}}, ErrUnsafe},
		"hard link outside":        {[]e{{name: "h", kind: tar.TypeLink, link: "../sentinel"}}, ErrUnsafe},
		"hard link absolute":       {[]e{{name: "h", kind: tar.TypeLink, link: "/etc/passwd"}}, unix.ENOENT},
		"hard link through a link": {[]e{{name: "l", kind: tar.TypeSymlink, link: ".."}, {name: "h", kind: tar.TypeLink, link: "l/sentinel"}}, unix.ENOENT},
		"hard link to nothing":     {[]e{{name: "h", kind: tar.TypeLink, link: "no"}}, unix.ENOENT},
		"hard link to a dir":       {[]e{{name: "d/"}, {name: "h", kind: tar.TypeLink, link: "d"}}, unix.EPERM},
		"hard link to a whiteout":  {[]e{{name: ".wh.w"}, {name: "h", kind: tar.TypeLink, link: "w"}}, unix.ENOENT},
		"hard link to the root":    {[]e{{name: "h", kind: tar.TypeLink, link: "/"}}, unix.ENOENT},
		"whiteout of nothing":      {[]e{{name: "d/.wh."}}, ErrUnsafe},
		"whiteout of dot":          {[]e{{name: "d/.wh.."}}, ErrUnsafe},
		"whiteout of dotdot":       {[]e{{name: "d/.wh..."}}, ErrUnsafe},
		"dir named as whiteout":    {[]e{{name: ".wh.d/f", body: "x"}}, ErrUnsafe},
		"device 0/0":               {[]e{{name: "w", kind: tar.TypeChar}}, ErrUnsafe},
		"device cut to 0/0":        {[]e{{name: "w", kind: tar.TypeChar, major: 4096}}, unix.EINVAL},
		"file below a file":        {[]e{{name: "f", body: "x"}, {name: "f/g", body: "x"}}, unix.ENOTDIR},
		"root as a file":           {[]e{{name: "./", kind: tar.TypeSymlink, link: "/etc"}}, ErrUnsafe},
		"long component":           {[]e{{name: strings.Repeat("n", 256), body: "x"}}, unix.ENAMETOOLONG},
		"long path":                {[]e{{name: strings.Repeat("d/", 2100) + "f", body: "x"}}, unix.ENAMETOOLONG},
		"empty link":               {[]e{{name: "l", kind: tar.TypeSymlink}}, unix.EINVAL},
		"unknown type":             {[]e{{name: "f", kind: 'Q'}}, tar.ErrHeader},
		"owner -1":                 {[]e{{name: "f", uid: 1<<32 - 1}}, unix.EINVAL},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			put(t, parent, map[string]string{"sentinel": "safe"})
			_, err := Apply(t.Context(), filepath.Join(parent, "layer"), bytes.NewReader(archive(t, tc.entries...)), ApplyOptions{})
			assert.ErrorIs(t, err, tc.want)
			assert.True(t, onlyLayer(t, parent), "something appeared outside")
		})
	}
}

// onlyLayer reports whether parent holds an untouched sentinel, perhaps layer, and nothing else.
func onlyLayer(t testing.TB, parent string) bool {
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != "layer" && e.Name() != "sentinel" {
			return false
		}
	}
	body, err := os.ReadFile(filepath.Join(parent, "sentinel"))
	var st unix.Stat_t
	require.NoError(t, unix.Lstat(filepath.Join(parent, "sentinel"), &st))
	opaque, oerr := IsOpaque(parent)
	return err == nil && string(body) == "safe" && st.Nlink == 1 && oerr == nil && !opaque
}

func TestApplyLimits(t *testing.T) {
	data := archive(t, e{name: "a", body: "12345"}, e{name: "b", body: "12345"}, e{name: "c"})
	run := func(opt ApplyOptions) error {
		_, err := Apply(t.Context(), filepath.Join(t.TempDir(), "l"), bytes.NewReader(data), opt)
		return err
	}
	assert.NoError(t, run(ApplyOptions{MaxBytes: 10, MaxEntries: 3, NoChown: true}))
	assert.ErrorIs(t, run(ApplyOptions{MaxBytes: 9, NoChown: true}), ErrTooLarge)
	assert.ErrorIs(t, run(ApplyOptions{MaxEntries: 2, NoChown: true}), ErrTooLarge)
	assert.NoError(t, run(ApplyOptions{MaxEntries: -1, Workers: 1, NoChown: true}))
}

// Every truncation inside an entry is an error, and whatever comes after the end is read.
func TestApplyReadsToTheEnd(t *testing.T) {
	data := archive(t, e{name: "dir/"}, e{name: "dir/f", body: strings.Repeat("x", 3000)}, e{name: "big", body: strings.Repeat("y", slabSize+5000)})
	for _, n := range []int{100, 600, 2000, 4000, 8000, slabSize, slabSize + 8000} {
		_, err := Apply(t.Context(), filepath.Join(t.TempDir(), "l"), bytes.NewReader(data[:n]), ApplyOptions{NoChown: true})
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
	}
	_, err := Apply(t.Context(), filepath.Join(t.TempDir(), "l"), bytes.NewReader(data[:bytes.Index(data, []byte("xxx"))+3000]), ApplyOptions{NoChown: true})
	require.NoError(t, err, "an archive without padding and end marker, as some writers make them")

	whole := append(bytes.Clone(data), bytes.Repeat([]byte{0}, 3<<20)...)
	r := bytes.NewReader(whole)
	_, err = Apply(t.Context(), filepath.Join(t.TempDir(), "l"), iotest.HalfReader(r), ApplyOptions{NoChown: true})
	require.NoError(t, err)
	assert.Zero(t, r.Len())

	boom := errors.New("boom")
	_, err = Apply(t.Context(), filepath.Join(t.TempDir(), "l"), io.MultiReader(bytes.NewReader(data[:5000]), iotest.ErrReader(boom)), ApplyOptions{NoChown: true})
	assert.ErrorIs(t, err, boom)
	_, err = Apply(t.Context(), filepath.Join(t.TempDir(), "l"), io.MultiReader(bytes.NewReader(data), iotest.ErrReader(boom)), ApplyOptions{NoChown: true})
	assert.ErrorIs(t, err, boom, "in the padding")
	_, err = Apply(t.Context(), filepath.Join(t.TempDir(), "l"), bytes.NewReader(whole), ApplyOptions{MaxBytes: slabSize + 8000, NoChown: true})
	assert.ErrorIs(t, err, ErrTooLarge)

	dir := filepath.Join(t.TempDir(), "l")
	_, err = Apply(t.Context(), dir, bytes.NewReader(nil), ApplyOptions{NoChown: true})
	assert.NoError(t, err, "nothing is an empty layer")
	put(t, dir, map[string]string{"old": ""})
	_, err = Apply(t.Context(), dir, bytes.NewReader(data), ApplyOptions{NoChown: true})
	assert.ErrorIs(t, err, unix.ENOTEMPTY)
}

func TestApplyStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	data := archive(t, e{name: "a", body: "1"}, e{name: "big", body: strings.Repeat("y", 20<<20)})
	r := io.MultiReader(bytes.NewReader(data[:2000]), readFunc(func(p []byte) (int, error) { cancel(); return copy(p, data[2000:]), nil }))
	_, err := Apply(ctx, filepath.Join(t.TempDir(), "l"), r, ApplyOptions{NoChown: true})
	assert.ErrorIs(t, err, context.Canceled)
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// A full disk must end in its errno, with a large file under way and many small ones behind it.
func TestApplyDiskFull(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"))
	t.Cleanup(func() { unix.Unmount(dir, 0) })
	var entries []e
	for i := range 300 {
		entries = append(entries, e{name: fmt.Sprintf("d%d/f%d", i%7, i), body: strings.Repeat("z", 9000)})
	}
	entries = append(entries, e{name: "big", body: strings.Repeat("y", 8<<20)})
	_, err := Apply(t.Context(), filepath.Join(dir, "l"), bytes.NewReader(archive(t, entries...)), ApplyOptions{})
	assert.ErrorIs(t, err, unix.ENOSPC)
}

// More directories than descriptors are kept open, and more bytes than slabs hold, with a single worker and with many.
func TestApplyBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var entries []e
	want := map[string]string{}
	for i := range 3000 {
		name := fmt.Sprintf("d%03d/s%d/f%d", rnd.IntN(300), rnd.IntN(3), i)
		body := strings.Repeat(fmt.Sprint(i), rnd.IntN(4000))
		if i%500 == 0 {
			body = strings.Repeat("large", 1<<20)
		}
		entries = append(entries, e{name: name, body: body})
		want[name] = body
	}
	data := archive(t, entries...)
	for _, workers := range []int{1, 8} {
		dir := filepath.Join(t.TempDir(), "l")
		_, err := Apply(t.Context(), dir, bytes.NewReader(data), ApplyOptions{Workers: workers, NoChown: true})
		require.NoError(t, err)
		for name, body := range want {
			have, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			require.Equal(t, len(body), len(have), name)
			require.True(t, body == string(have), name)
		}
	}
}

func TestSplitName(t *testing.T) {
	for in, want := range map[string][2]string{
		"a": {"", "a"}, "./a": {"", "a"}, "/a": {"", "a"}, "a/": {"", "a"}, "a/b": {"a", "b"}, "a//b/./c/": {"a/b", "c"},
		"": {}, ".": {}, "./": {}, "/": {}, "...": {"", "..."}, "a/...": {"a", "..."}, ".a/..b": {".a", "..b"}, "././a": {"", "a"},
	} {
		dir, base, err := splitName(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, [2]string{dir, base}, in)
	}
	_, _, err := splitName("a\x00b")
	assert.ErrorIs(t, err, ErrUnsafe)
}
