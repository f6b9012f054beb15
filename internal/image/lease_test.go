package image

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLeaseKeepsLayers(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	img := imported(t, s, "a", map[string]string{"f": "1"})
	held, err := s.lease(ctx, leased{Layers: img.DiffIDs})
	require.NoError(t, err)
	gone, err := s.Remove(ctx, "a", RemoveOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{img.ID}, gone.Deleted, "the layer stays")
	assert.FileExists(t, img.Layers[0]+"/f")
	held.end()

	imported(t, s, "b", map[string]string{"g": "1"})
	_, err = s.Remove(ctx, "b", RemoveOptions{})
	require.NoError(t, err)
	requireEmpty(t, s)
}

func BenchmarkLease(b *testing.B) {
	s, err := Open(b.TempDir())
	require.NoError(b, err)
	require.NoError(b, s.prepare())
	for b.Loop() {
		held, err := s.lease(context.Background(), leased{})
		if err != nil {
			b.Fatal(err)
		}
		held.end()
	}
}
