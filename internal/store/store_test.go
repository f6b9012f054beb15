package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/store"
)

func TestNamesAreClaimedOnce(t *testing.T) {
	s := store.Open(filepath.Join(t.TempDir(), "lab"))
	var won sync.Map
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if s.Claim("web", string(rune('A'+i))) == nil {
				won.Store(i, true)
			}
		})
	}
	wg.Wait()
	winners := 0
	won.Range(func(any, any) bool { winners++; return true })
	assert.Equal(t, 1, winners)

	var taken *store.TakenError
	require.ErrorAs(t, s.Claim("web", "x"), &taken)
	require.NoError(t, s.Release("web", "not the owner"))
	require.ErrorAs(t, s.Claim("web", "x"), &taken)
	require.NoError(t, s.Release("web", taken.ID))
	require.NoError(t, s.Claim("web", "x"))
}

func TestLedgerIsUndoneInReverse(t *testing.T) {
	s := store.Open(t.TempDir())
	var undone []string
	doers := map[string]store.Doer{"a": func(arg string) error { undone = append(undone, arg); return nil }}
	l, err := s.Begin("id", store.Undo{Do: "a", Arg: "one"}, store.Undo{Do: "a", Arg: "two words"})
	require.NoError(t, err)
	require.NoError(t, l.Add(store.Undo{Do: "a", Arg: "three"}))

	swept, err := s.Sweep(doers)
	require.NoError(t, err)
	assert.Empty(t, swept, "its owner lives")

	require.NoError(t, l.Undo(doers))
	assert.Equal(t, []string{"three", "two words", "one"}, undone)
	assert.NoFileExists(t, s.Path("ledger", "id"))
}

func TestSweepFinishesForTheDead(t *testing.T) {
	s := store.Open(t.TempDir())
	require.NoError(t, os.MkdirAll(s.Path("ledger"), 0o755))
	require.NoError(t, os.WriteFile(s.Path("ledger", "dead"), []byte("a one\na two\na torn"), 0o600))
	var undone []string
	broken := true
	doers := map[string]store.Doer{"a": func(arg string) error {
		if broken {
			return errors.New("busy")
		}
		undone = append(undone, arg)
		return nil
	}}
	_, err := s.Sweep(doers)
	require.Error(t, err)
	assert.FileExists(t, s.Path("ledger", "dead"), "what failed is tried again")

	broken = false
	swept, err := s.Sweep(doers)
	require.NoError(t, err)
	assert.Equal(t, []string{"dead"}, swept)
	assert.Equal(t, []string{"two", "one"}, undone)
}

func TestRemoveStaysInside(t *testing.T) {
	root := t.TempDir()
	s := store.Open(filepath.Join(root, "lab"))
	require.NoError(t, s.MakeContainer("id"))
	for _, path := range []string{root, filepath.Join(root, "lab"), "/", "/etc", s.Path("..", "x"), s.Path("containers", "..", ".."), s.Path("containers")} {
		assert.Error(t, s.Remove(path), path)
	}
	require.NoError(t, s.Remove(s.Container("id")))
	require.NoError(t, s.Remove(s.Container("id")), "twice is fine")
	assert.NoDirExists(t, s.Container("id"))
}
