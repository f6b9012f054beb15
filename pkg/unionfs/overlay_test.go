package unionfs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// union makes the directories of an overlay below a new directory, with names that need escaping.
func union(t testing.TB, lowers ...map[string]string) Overlay {
	t.Helper()
	base := t.TempDir()
	dir := func(name string) string {
		d := filepath.Join(base, name)
		require.NoError(t, os.MkdirAll(d, 0o755))
		return d
	}
	o := Overlay{Upper: dir("up,per"), Work: dir(`w\ork`), Target: dir("merged")}
	for i, files := range lowers {
		d := dir(fmt.Sprintf(`low:%d\,:`, i))
		put(t, d, files)
		o.Lower = append(o.Lower, d)
	}
	return o
}

func mount(t testing.TB, o Overlay) {
	t.Helper()
	require.NoError(t, Mount(o))
	t.Cleanup(func() { assert.NoError(t, Unmount(o.Target)) })
}

func TestOptions(t *testing.T) {
	o := Overlay{Lower: []string{"/b", `/a:1,2\3`}, Upper: "/u,p", Work: "/w", Target: "/m", Volatile: true, UserXattr: true}
	assert.Equal(t, `lowerdir=/b:/a\:1\,2\\3,upperdir=/u\,p,workdir=/w,redirect_dir=nofollow,metacopy=off,index=off,userxattr,volatile`, o.Options())
	o.ReadOnly = true
	assert.Equal(t, `lowerdir=/u\,p:/b:/a\:1\,2\\3,redirect_dir=nofollow,metacopy=off,index=off,userxattr`, o.Options())
	ops := Overlay{Lower: []string{"/l"}, Target: "/m"}.Ops()
	require.Len(t, ops, 2)
	assert.Contains(t, ops[0].String(), "MS_BIND")
	ops = Overlay{Lower: []string{"/l"}, Upper: "/u", Work: "/w", Target: "/m"}.Ops()
	require.Len(t, ops, 1)
	assert.Equal(t, "mount -t overlay -o lowerdir=/l,upperdir=/u,workdir=/w,redirect_dir=nofollow,metacopy=off,index=off overlay /m", ops[0].Shell())
}

func TestMountHidesAndCopiesUp(t *testing.T) {
	testenv.Overlay(t)
	o := union(t,
		map[string]string{"both": "upper layer", "dir/new": "n"},
		map[string]string{"both": "lower layer", "dir/old": "o", "gone": "g", "low": "l"})
	require.NoError(t, MakeWhiteout(filepath.Join(o.Lower[0], "gone")))
	require.NoError(t, MakeOpaque(filepath.Join(o.Lower[0], "dir"), false))
	mount(t, o)

	assert.Equal(t, []string{"both", "dir", "dir/new", "low"}, walk(t, o.Target))
	body, err := os.ReadFile(filepath.Join(o.Target, "both"))
	require.NoError(t, err)
	assert.Equal(t, "upper layer", string(body))

	put(t, o.Target, map[string]string{"low": "changed"})
	body, err = os.ReadFile(filepath.Join(o.Lower[1], "low"))
	require.NoError(t, err)
	assert.Equal(t, "l", string(body), "the lower file stays")

	require.NoError(t, os.Remove(filepath.Join(o.Target, "both")))
	fi, err := os.Lstat(filepath.Join(o.Upper, "both"))
	require.NoError(t, err)
	assert.True(t, IsWhiteout(fi))

	require.NoError(t, os.RemoveAll(filepath.Join(o.Target, "dir")))
	require.NoError(t, os.Mkdir(filepath.Join(o.Target, "dir"), 0o755))
	opaque, err := IsOpaque(filepath.Join(o.Upper, "dir"))
	require.NoError(t, err)
	assert.True(t, opaque)

	changes, err := Diff(o.Upper, o.Lower)
	require.NoError(t, err)
	assert.Equal(t, []Change{{Deleted, "/both"}, {Changed, "/dir"}, {Deleted, "/dir/new"}, {Changed, "/low"}}, changes)
}

// Far more layers than a page of options holds, with paths shorter and longer than fsconfig(2) takes as strings.
func TestMountManyLayers(t *testing.T) {
	testenv.Overlay(t)
	for name, c := range map[string]struct{ pad, major, minor int }{"long paths": {120, 6, 7}, "very long paths": {240, 6, 13}} {
		t.Run(name, func(t *testing.T) {
			testenv.Linux(t, c.major, c.minor, "adding layers one by one with "+name)
			o, pad := union(t), strings.Repeat("p", c.pad)
			base := filepath.Dir(o.Target)
			var want []string
			for i := range 80 {
				d := filepath.Join(base, pad, fmt.Sprintf(`:,\%02d`, i))
				put(t, d, map[string]string{fmt.Sprintf("f%02d", i): "x", "all": fmt.Sprint(i)})
				o.Lower = append(o.Lower, d)
				want = append(want, fmt.Sprintf("f%02d", i))
			}
			require.Greater(t, len(o.Options()), os.Getpagesize())
			require.NoError(t, Mount(o))
			t.Cleanup(func() { assert.NoError(t, Unmount(o.Target)) })
			assert.Equal(t, append([]string{"all"}, want...), walk(t, o.Target))
			body, err := os.ReadFile(filepath.Join(o.Target, "all"))
			require.NoError(t, err)
			assert.Equal(t, "0", string(body))
			put(t, o.Target, map[string]string{"new": "n"})
			assert.FileExists(t, filepath.Join(o.Upper, "new"))
			require.NoError(t, Unmount(o.Target))
			o.ReadOnly = true
			require.NoError(t, Mount(o))
			assert.ErrorIs(t, os.WriteFile(filepath.Join(o.Target, "no"), nil, 0o600), unix.EROFS)
			assert.FileExists(t, filepath.Join(o.Target, "new"))
		})
	}
}

func TestMountReadOnly(t *testing.T) {
	testenv.Overlay(t)
	o := union(t, map[string]string{"a": "1"})
	o.Upper, o.Work = "", ""
	mount(t, o)
	assert.Equal(t, []string{"a"}, walk(t, o.Target))
	assert.ErrorIs(t, os.WriteFile(filepath.Join(o.Target, "no"), nil, 0o600), unix.EROFS)
	require.NoError(t, os.WriteFile(filepath.Join(o.Lower[0], "still"), nil, 0o600), "the layer itself is not touched")
}

func TestMountVolatileTwice(t *testing.T) {
	testenv.Overlay(t)
	o := union(t, map[string]string{"a": "1"})
	o.Volatile = true
	for range 2 {
		require.NoError(t, Mount(o))
		require.NoError(t, Unmount(o.Target))
		assert.DirExists(t, filepath.Join(o.Work, "work", "incompat", "volatile"))
	}
	o.Volatile = false
	require.NoError(t, Mount(o))
	require.NoError(t, Unmount(o.Target))
	require.NoError(t, Unmount(o.Target), "twice is once")
	assert.NoError(t, Unmount(filepath.Join(o.Target, "missing")))
}

func TestMountUserXattr(t *testing.T) {
	testenv.Overlay(t)
	o := union(t, map[string]string{"d/new": "1"}, map[string]string{"d/old": "1"})
	require.NoError(t, MakeOpaque(filepath.Join(o.Lower[0], "d"), true))
	o.UserXattr = true
	mount(t, o)
	assert.Equal(t, []string{"d", "d/new"}, walk(t, o.Target))
}

func TestMountOpaqueRoot(t *testing.T) {
	testenv.Overlay(t)
	o := union(t, map[string]string{"a": "1"}, map[string]string{"b": "1"}, map[string]string{"c": "1"})
	require.NoError(t, MakeOpaque(o.Lower[1], false))
	mount(t, o)
	assert.Equal(t, []string{"a", "b"}, walk(t, o.Target))
	entries, err := Show(o.Lower, o.Upper)
	require.NoError(t, err)
	assert.Equal(t, []string{"/a", "/b"}, Names(entries))
}

func TestMountSaysWhy(t *testing.T) {
	testenv.Overlay(t)
	o := union(t, map[string]string{"a": "1"})
	mount(t, o)
	put(t, o.Target, map[string]string{"u/": "", "w/": "", "m/": ""})
	nested := Overlay{Lower: o.Lower, Upper: o.Target + "/u", Work: o.Target + "/w", Target: o.Target + "/m"}
	err := Mount(nested)
	assert.ErrorIs(t, err, ErrNested)
	assert.ErrorContains(t, err, "tmpfs")

	bad := union(t, map[string]string{"a": "1"})
	bad.Work = filepath.Join(bad.Upper, "w")
	put(t, bad.Upper, map[string]string{"w/": ""})
	assert.ErrorIs(t, Mount(bad), unix.EINVAL)
	bad.Work = "/proc"
	assert.ErrorIs(t, Mount(bad), unix.EXDEV)
	bad.Lower = append(bad.Lower, "/no/such")
	assert.ErrorIs(t, Mount(bad), unix.ENOENT)
	assert.ErrorIs(t, Mount(Overlay{Target: bad.Target}), unix.EINVAL)
}

// walk returns all names below dir, in the order of a walk by name.
func walk(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if rel, _ := filepath.Rel(dir, path); rel != "." {
			names = append(names, rel)
		}
		return nil
	}))
	return names
}
