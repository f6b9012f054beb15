package unionfs

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

func TestShow(t *testing.T) {
	testenv.Root(t)
	o := union(t,
		map[string]string{"d/new": "", "f": "top", "swap/in": ""},
		map[string]string{"d/mid": "", "f": "mid", "o/mid": "", "swap": "a file"},
		map[string]string{"d/low": "", "f": "low", "o/low": "", "gone": "", "swap/out": ""})
	require.NoError(t, MakeWhiteout(filepath.Join(o.Lower[0], "gone")))
	require.NoError(t, MakeOpaque(filepath.Join(o.Lower[1], "o"), false))
	a, b, c := o.Lower[0], o.Lower[1], o.Lower[2]
	entries, err := Show(o.Lower, "")
	require.NoError(t, err)
	assert.Equal(t, []Entry{
		{Path: "/d", Type: os.ModeDir, Layer: a, Merged: []string{b, c}},
		{Path: "/d/low", Layer: c},
		{Path: "/d/mid", Layer: b},
		{Path: "/d/new", Layer: a},
		{Path: "/f", Layer: a, Hides: []string{b, c}},
		{Path: "/gone", Layer: a, Deleted: true, Hides: []string{c}},
		{Path: "/o", Type: os.ModeDir, Layer: b, Merged: []string{}, Opaque: true, Hides: []string{c}},
		{Path: "/o/mid", Layer: b},
		{Path: "/swap", Type: os.ModeDir, Layer: a, Hides: []string{b, c}},
		{Path: "/swap/in", Layer: a},
	}, entries)
	assert.Equal(t, "/f\tfrom "+a+", hides "+b+", "+c, entries[4].String())
	assert.Equal(t, "/gone\tdeleted by "+a+", hides "+c, entries[5].String())
	assert.Equal(t, "/d/\tfrom "+a+" + "+b+" + "+c, entries[0].String())
}

// randomLayer fills dir with names from a small set, so that layers meet in them, with whiteouts and opaque directories.
func randomLayer(t *testing.T, rnd *rand.Rand, dir string, depth int, label string) {
	for _, base := range []string{"a", "b", "c", "d", "e"} {
		p := filepath.Join(dir, base)
		switch k := rnd.IntN(10); {
		case k < 3:
			require.NoError(t, os.WriteFile(p, []byte(label+base), 0o644))
		case k < 4:
			require.NoError(t, os.Symlink(label, p))
		case k < 5:
			require.NoError(t, MakeWhiteout(p))
		case k < 8 && depth > 0:
			require.NoError(t, os.Mkdir(p, 0o755))
			if rnd.IntN(5) == 0 {
				require.NoError(t, MakeOpaque(p, false))
			}
			randomLayer(t, rnd, p, depth-1, label)
		}
	}
}

// Show's names, and the content behind them, are the kernel's; Diff's changes turn the view of the lower layers into the merged one.
func TestShowAndDiffAgreeWithTheKernel(t *testing.T) {
	testenv.Overlay(t)
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		o := union(t, make([]map[string]string, 2+rnd.IntN(4))...)
		for i, dir := range o.Lower {
			randomLayer(t, rnd, dir, 3, fmt.Sprint("layer", i))
		}
		below := o
		below.ReadOnly, below.Upper = true, ""
		before := mountedTree(t, below)
		entries, err := Show(o.Lower, "")
		require.NoError(t, err)
		checkShow(t, o.Lower, entries, before, seed)

		require.NoError(t, Mount(o))
		churn(t, rnd, o.Target)
		require.NoError(t, Unmount(o.Target))
		after := mountedTree(t, o)
		entries, err = Show(o.Lower, o.Upper)
		require.NoError(t, err)
		checkShow(t, append([]string{o.Upper}, o.Lower...), entries, after, seed)
		changes, err := Diff(o.Upper, o.Lower)
		require.NoError(t, err)
		checkDiff(t, changes, before, after, seed)

		// The upper directory as a layer, unpacked elsewhere, shows the same.
		var layer bytes.Buffer
		require.NoError(t, Layer(t.Context(), &layer, o.Upper))
		again := filepath.Join(filepath.Dir(o.Target), "again")
		_, err = Apply(t.Context(), again, bytes.NewReader(layer.Bytes()), ApplyOptions{})
		require.NoError(t, err)
		below.Lower = append([]string{again}, o.Lower...)
		require.Equal(t, after, mountedTree(t, below), "seed %d", seed)
		var twice bytes.Buffer
		require.NoError(t, Layer(t.Context(), &twice, again))
		require.True(t, bytes.Equal(layer.Bytes(), twice.Bytes()), "seed %d: a layer of a layer is the same", seed)
	}
}

func mountedTree(t *testing.T, o Overlay) map[string]string {
	t.Helper()
	require.NoError(t, Mount(o))
	defer func() { require.NoError(t, Unmount(o.Target)) }()
	return tree(t, o.Target, false)
}

func checkShow(t *testing.T, layers []string, entries []Entry, want map[string]string, seed uint64) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range entries {
		require.False(t, seen[e.Path], "seed %d: %s twice", seed, e.Path)
		seen[e.Path] = true
		text, ok := want[e.Path[1:]]
		require.Equal(t, ok, !e.Deleted, "seed %d: %s", seed, e)
		if !ok || e.Type.IsDir() {
			want := error(fs.ErrNotExist)
			if ok {
				want = unix.EISDIR
			}
			_, err := ReadFile(layers, e.Path)
			require.ErrorIs(t, err, want, "seed %d: %s", seed, e)
			continue
		}
		if e.Type == 0 {
			body, err := os.ReadFile(filepath.Join(e.Layer, e.Path))
			require.NoError(t, err)
			same, err := ReadFile(layers, e.Path)
			require.NoError(t, err)
			require.Equal(t, string(body), string(same), "seed %d: %s", seed, e)
			require.Contains(t, text, string(body), "seed %d: %s", seed, e)
		} else {
			target, err := os.Readlink(filepath.Join(e.Layer, e.Path))
			require.NoError(t, err)
			require.Contains(t, text, "-> "+target, "seed %d: %s", seed, e)
		}
	}
	for p := range want {
		require.True(t, seen["/"+p], "seed %d: %s is not shown", seed, p)
	}
}

// churn changes a merged tree at random.
func churn(t *testing.T, rnd *rand.Rand, dir string) {
	names := walk(t, dir)
	for range 12 {
		p := path.Join(dir, []string{"a", "b", "c", "d", "new"}[rnd.IntN(5)])
		if len(names) > 0 && rnd.IntN(3) > 0 {
			p = path.Join(dir, names[rnd.IntN(len(names))])
		}
		switch rnd.IntN(6) {
		case 0, 1:
			require.NoError(t, os.RemoveAll(p))
		case 2:
			_ = os.WriteFile(p, []byte("churned"), 0o600)
		case 3:
			os.RemoveAll(p)
			_ = os.Mkdir(p, 0o755)
		case 4:
			_ = os.Chmod(p, 0o711)
		case 5: // opened for writing, which copies up, and left alone
			if f, err := os.OpenFile(p, os.O_WRONLY, 0); err == nil {
				f.Close()
			}
		}
	}
}

// checkDiff replays changes over the names and holds each against the two trees.
func checkDiff(t *testing.T, changes []Change, before, after map[string]string, seed uint64) {
	t.Helper()
	kind := map[string]ChangeKind{}
	for _, c := range changes {
		kind[c.Path[1:]] = c.Kind
	}
	require.True(t, slices.IsSortedFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) }))
	for p, text := range after {
		old, existed := before[p]
		switch {
		case !existed:
			require.Equal(t, Added, kind[p], "seed %d: %s", seed, p)
		case text != old:
			require.Equal(t, Changed, kind[p], "seed %d: %s: %s -> %s", seed, p, old, text)
		case !strings.HasPrefix(text, "d"):
			// Only a new inode with a new time may be reported as changed although it looks the same.
			require.NotContains(t, []ChangeKind{Added, Deleted}, kind[p], "seed %d: %s", seed, p)
		}
	}
	for p := range before {
		if _, still := after[p]; still {
			continue
		}
		top := p // the topmost directory that went, or that became something else
		for up := path.Dir(top); up != "." && !strings.HasPrefix(after[up], "d"); up = path.Dir(up) {
			top = up
		}
		want := Deleted
		if _, replaced := after[top]; replaced {
			want = Changed
		}
		require.Equal(t, want, kind[top], "seed %d: %s went with %s", seed, p, top)
	}
	for p := range kind {
		_, a := before[p]
		_, b := after[p]
		require.True(t, a || b, "seed %d: %s is nowhere", seed, p)
	}
}
