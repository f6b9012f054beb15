package image

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func smallDisk(t *testing.T, s *Store) {
	require.NoError(t, unix.Mount("tmpfs", s.root, "tmpfs", 0, "size=6m"))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(s.root, 0)) })
}

func TestDiskFull(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	smallDisk(t, s)
	image := &testImage{}
	for n := range 8 {
		image.layers = append(image.layers, file("noise", noise(500_000+n)))
	}
	r.push("big:1", image)
	r.push("small:1", &testImage{layers: []testLayer{image.layers[0]}})
	s.mustPull(t, r.host+"/small:1")
	kept := len(list(t, s, "blobs/sha256"))

	_, err := s.Pull(context.Background(), r.host+"/big:1", PullOptions{})
	require.ErrorIs(t, err, unix.ENOSPC)
	assert.Equal(t, "pull "+r.host+"/big:1: the disk of "+s.root+" is full: no space left on device", err.Error())
	requireWhole(t, s)
	assert.Len(t, list(t, s, "layers"), 1)
	assert.Len(t, list(t, s, "blobs/sha256"), kept)
	assert.Empty(t, list(t, s, "partial"))

	_, err = s.Import(context.Background(), "imported", bytes.NewReader(tarOf(t, map[string]string{"x": noise(7 << 20)})), ImportOptions{})
	require.ErrorIs(t, err, unix.ENOSPC)
	requireWhole(t, s)
	_, err = s.Load(context.Background(), bytes.NewReader(dockerArchive(t, image, "a:1")), LoadOptions{})
	require.ErrorIs(t, err, unix.ENOSPC)
	requireWhole(t, s)
	assert.Len(t, list(t, s, "layers"), 1)
	assert.Len(t, list(t, s, "blobs/sha256"), kept)
}
