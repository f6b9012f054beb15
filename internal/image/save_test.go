package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func tarNaming(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range names {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: n, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(n))}))
		_, err := io.WriteString(w, n)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func importOne(t *testing.T, s *Store, name string, files ...string) *Image {
	t.Helper()
	img, err := s.Import(t.Context(), name, bytes.NewReader(tarNaming(t, files...)), ImportOptions{})
	require.NoError(t, err)
	return img
}

func TestSaveAndLoadAgain(t *testing.T) {
	first, err := Open(t.TempDir())
	require.NoError(t, err)
	one, two := importOne(t, first, "one:1", "a", "b"), importOne(t, first, "two:2", "c")
	require.NoError(t, first.Tag(t.Context(), "one:1", "registry.example/one:other"))
	var b bytes.Buffer
	require.NoError(t, first.Save(t.Context(), &b, "one:1", two.ID, "registry.example/one:other"))

	second, err := Open(t.TempDir())
	require.NoError(t, err)
	loaded, err := second.Load(t.Context(), bytes.NewReader(b.Bytes()), LoadOptions{})
	require.NoError(t, err)
	require.Len(t, loaded, 2)
	assert.Equal(t, one.ID, loaded[0].ID)
	assert.Equal(t, one.Digest, loaded[0].Digest)
	assert.Len(t, loaded[0].Names, 2)
	assert.Empty(t, loaded[1].Names, "it was saved by its id")
	var again bytes.Buffer
	require.NoError(t, second.Save(t.Context(), &again, "one:1", two.ID, "registry.example/one:other"))
	assert.True(t, bytes.Equal(b.Bytes(), again.Bytes()))
}

func TestSaveSeesDamage(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	img := importOne(t, s, "one:1", "a")
	info, err := s.readLayer(img.DiffIDs[0])
	require.NoError(t, err)
	data, err := os.ReadFile(s.blob(info.Blob))
	require.NoError(t, err)
	data[600] ^= 1
	require.NoError(t, os.WriteFile(s.blob(info.Blob), data, 0o644))
	err = s.Save(t.Context(), io.Discard, "one:1")
	require.ErrorIs(t, err, ErrDigest)
	assert.Contains(t, err.Error(), "pull it again")
	require.ErrorIs(t, s.Save(t.Context(), io.Discard, "none"), ErrNotFound)
}

// Whoever saves holds what is saved: it may be removed meanwhile and is in the archive nevertheless.
func TestSaveWhileItIsRemoved(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	importOne(t, s, "one:1", strings.Repeat("long/", 20)+"a")
	r, w := io.Pipe()
	saved := make(chan error, 1)
	go func() {
		err := s.Save(t.Context(), w, "one:1")
		_ = w.CloseWithError(err)
		saved <- err
	}()
	head := make([]byte, 512)
	_, err = io.ReadFull(r, head)
	require.NoError(t, err)
	_, err = s.Remove(t.Context(), "one:1", RemoveOptions{})
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	require.NoError(t, err)
	require.NoError(t, <-saved)
	_, err = s.Sweep(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, s.Layers())
}

func TestSaveStops(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	importOne(t, s, "one:1", "a")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	cancel(stop)
	require.ErrorIs(t, s.Save(ctx, io.Discard, "one:1"), stop)
}

func TestDiscard(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	img := importOne(t, s, "one:1", "a")
	require.NoError(t, s.Tag(t.Context(), "one:1", "registry.example/x:1"))
	_, err = s.Discard(t.Context(), img.ID, RemoveOptions{InUse: func(string) (string, bool) { return "c1", false }})
	require.ErrorIs(t, err, ErrConflict)
	removed, err := s.Discard(t.Context(), img.ID, RemoveOptions{})
	require.NoError(t, err)
	assert.Len(t, removed.Untagged, 2)
	assert.Equal(t, []string{img.ID, img.DiffIDs[0]}, removed.Deleted)
	_, err = s.Discard(t.Context(), img.ID, RemoveOptions{})
	require.ErrorIs(t, err, ErrNotFound)
}
