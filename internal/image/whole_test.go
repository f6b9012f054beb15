package image

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requireWhole checks a store that nobody is working on: every image complete, every
// blob what its name says, links and index of one mind, nothing half done.
func requireWhole(t *testing.T, s *Store) {
	t.Helper()
	x, err := s.readIndex()
	require.NoError(t, err)
	for _, d := range x.Manifests {
		c, err := s.readContent(d)
		require.NoError(t, err)
		require.Equal(t, d.Digest, digestOf(c.manifest))
		require.Equal(t, d.id(), digestOf(c.config))
		rec, err := s.readRecord(d.id())
		require.NoError(t, err)
		for _, dir := range s.image(rec).Layers {
			require.DirExists(t, dir)
		}
		if d.name() != "" {
			img, err := s.Find(d.name())
			require.NoError(t, err)
			require.Equal(t, d.id(), img.ID)
		}
	}
	for _, e := range list(t, s, "refs") {
		_, err := os.Stat(s.path("refs", e))
		require.NoError(t, err, "a name leads nowhere")
	}
	requireBlobs(t, s)
	for _, e := range list(t, s, "layers") {
		require.Len(t, e, layerNameChars, "a temporary directory is left")
		info, err := s.readLayer(diffIDAt(s.path("layers", e)))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(hexOf(info.DiffID), e))
	}
	require.Empty(t, list(t, s, "tmp"), "a lease is left")
}

func requireBlobs(t *testing.T, s *Store) {
	for _, e := range list(t, s, "blobs/sha256") {
		f, err := os.Open(s.path("blobs/sha256", e))
		require.NoError(t, err)
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		require.NoError(t, err)
		require.Equal(t, "sha256:"+e, sum(h))
	}
}

func list(t *testing.T, s *Store, dir string) (names []string) {
	entries, err := os.ReadDir(s.path(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// requireEmpty: no image, and nothing that takes room.
func requireEmpty(t *testing.T, s *Store) {
	t.Helper()
	images, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, images)
	for _, dir := range []string{"layers", "blobs/sha256", "partial", "tmp", "images", "refs"} {
		assert.Empty(t, list(t, s, dir), dir)
	}
}
