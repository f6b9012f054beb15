package store_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/store"
)

func TestRootsOfAnyName(t *testing.T) {
	for _, name := range []string{"new\nline", `back\slash`, `a\nb`, "with space", "a:b,c"} {
		s := store.Open(filepath.Join(t.TempDir(), name))
		l, err := s.Begin("id", store.Undo{Do: "container", Arg: s.Container("id")})
		require.NoError(t, err)
		require.NoError(t, s.MakeContainer("id"))
		require.NoError(t, l.Undo(map[string]store.Doer{"container": s.Remove}), name)
		assert.NoDirExists(t, s.Container("id"))
	}
}

// A lab that stood elsewhere was killed: its ledger means the same for everybody.
func TestRelativeRootIsTheSameForAll(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := store.Open("here")
	l, err := s.Begin("id", store.Undo{Do: "container", Arg: s.Container("id")})
	require.NoError(t, err)
	require.NoError(t, s.MakeContainer("id"))
	dies(t, l)

	t.Chdir("/")
	s = store.Open(filepath.Join(dir, "here"))
	swept, err := s.Sweep(map[string]store.Doer{"container": s.Remove})
	require.NoError(t, err)
	assert.Equal(t, []string{"id"}, swept)
	assert.NoDirExists(t, s.Container("id"))
}

func TestBeginWhereNothingCanBeMade(t *testing.T) {
	_, err := store.Open("/proc/nothing").Begin("id")
	assert.ErrorContains(t, err, "make lab's directory")
}

func TestBeginTakesOverFromTheDead(t *testing.T) {
	s := store.Open(filepath.Join(t.TempDir(), "lab"))
	l, err := s.Begin("id", store.Undo{Do: "first", Arg: "1"})
	require.NoError(t, err)
	_, err = s.Begin("id", store.Undo{Do: "second", Arg: "2"})
	require.ErrorIs(t, err, fs.ErrExist, "its owner lives")
	dies(t, l)

	_, err = s.Sweep(map[string]store.Doer{"first": func(string) error { return errors.New("the disk is full") }})
	require.ErrorContains(t, err, "full")
	l, err = s.Begin("id", store.Undo{Do: "second", Arg: "2"})
	require.NoError(t, err)
	var done []string
	note := func(arg string) error { done = append(done, arg); return nil }
	require.NoError(t, l.Undo(map[string]store.Doer{"first": note, "second": note}))
	assert.Equal(t, []string{"2", "1"}, done)
}

// dies lets go of the lock, as the kernel does when the owner is killed.
func dies(t *testing.T, l *store.Ledger) {
	t.Helper()
	require.NoError(t, unix.Flock(l.Lock(), unix.LOCK_UN))
}
