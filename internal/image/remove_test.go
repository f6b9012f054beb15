package image

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func imported(t *testing.T, s *Store, name string, files map[string]string) *Image {
	img, err := s.Import(context.Background(), name, bytes.NewReader(tarOf(t, files)), ImportOptions{})
	require.NoError(t, err)
	return img
}

func TestTagAndRemove(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	img := imported(t, s, "a:1", map[string]string{"f": "1"})
	require.NoError(t, s.Tag(ctx, "a:1", "a:2"))
	require.NoError(t, s.Tag(ctx, ShortID(img.ID), "example.com/b"))
	require.ErrorIs(t, s.Tag(ctx, "none", "x"), ErrNotFound)
	require.ErrorIs(t, s.Tag(ctx, "a:1", "X"), ErrReference)
	require.ErrorIs(t, s.Tag(ctx, "a:1", "x@"+img.ID), ErrReference)
	all, err := s.Inspect("a:2")
	require.NoError(t, err)
	assert.Equal(t, []string{"docker.io/library/a:1", "docker.io/library/a:2", "example.com/b:latest"}, all.Names)

	gone, err := s.Remove(ctx, "a:1", RemoveOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"docker.io/library/a:1"}, gone.Untagged)
	assert.Empty(t, gone.Deleted)
	_, err = s.Find("a:1")
	require.ErrorIs(t, err, ErrNotFound)

	_, err = s.Remove(ctx, img.ID, RemoveOptions{})
	require.ErrorIs(t, err, ErrConflict)
	assert.ErrorContains(t, err, "a:2, example.com/b:latest")
	gone, err = s.Remove(ctx, img.ID, RemoveOptions{Force: true})
	require.NoError(t, err)
	assert.Len(t, gone.Untagged, 2)
	assert.Equal(t, []string{img.ID, img.DiffIDs[0]}, gone.Deleted)
	requireEmpty(t, s)
	_, err = s.Remove(ctx, "a:2", RemoveOptions{})
	require.ErrorIs(t, err, ErrNotFound)
}

// A name that moves leaves its old image without one; both share a layer.
func TestRemoveKeepsSharedLayers(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	base := imported(t, s, "base", map[string]string{"f": "1"})
	cfg, err := s.ConfigFile(base)
	require.NoError(t, err)
	cfg.Author = "somebody else"
	top, err := s.Add(ctx, "base", *cfg, []LayerSource{{DiffID: base.DiffIDs[0]}})
	require.NoError(t, err)
	require.NotEqual(t, base.ID, top.ID)
	list, err := s.List()
	require.NoError(t, err)
	require.Len(t, list, 2)

	gone, err := s.Remove(ctx, base.ID, RemoveOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{base.ID}, gone.Deleted)
	assert.Empty(t, gone.Untagged)
	requireWhole(t, s)
	_, err = s.Remove(ctx, "base", RemoveOptions{})
	require.NoError(t, err)
	requireEmpty(t, s)
}

func TestRemoveAsksTheContainers(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	img := imported(t, s, "a", map[string]string{"f": "1"})
	require.NoError(t, s.Tag(ctx, "a", "b"))
	running := true
	opt := RemoveOptions{
		InUse: func(id string) (string, bool) {
			assert.Equal(t, img.ID, id)
			return "web", running
		},
		KeepLayer: func(diffID string) bool { return diffID == img.DiffIDs[0] },
	}
	_, err := s.Remove(ctx, "b", opt)
	require.NoError(t, err, "only a name goes")
	_, err = s.Remove(ctx, "a", opt)
	require.ErrorIs(t, err, ErrConflict)
	assert.ErrorContains(t, err, "running container web")
	opt.Force = true
	_, err = s.Remove(ctx, "a", opt)
	require.ErrorIs(t, err, ErrConflict, "a running one cannot be overruled")
	running, opt.Force = false, false
	_, err = s.Remove(ctx, "a", opt)
	require.ErrorIs(t, err, ErrConflict)
	opt.Force = true
	gone, err := s.Remove(ctx, "a", opt)
	require.NoError(t, err)
	assert.Equal(t, []string{img.ID}, gone.Deleted)
	assert.FileExists(t, img.Layers[0]+"/f", "the container stands on it")

	imported(t, s, "other", map[string]string{"g": "2"})
	_, err = s.Remove(ctx, "other", RemoveOptions{})
	require.NoError(t, err)
	requireEmpty(t, s)
}

func TestAnEmptyStore(t *testing.T) {
	s := newStore(t)
	list, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, list)
	_, err = s.Find("busybox")
	require.ErrorIs(t, err, ErrNotFound)
	assert.EqualError(t, err, "no such image: busybox:latest")
	_, err = s.Find("abc123")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = s.Find("Not A Name")
	require.ErrorIs(t, err, ErrReference)
	_, err = Open("")
	require.Error(t, err)
	assert.NoDirExists(t, s.path("layers"), "looking makes nothing")
}

func BenchmarkFind(b *testing.B) {
	s, err := Open(b.TempDir())
	require.NoError(b, err)
	require.NoError(b, s.prepare())
	ids := make([]string, 30)
	for i := range ids {
		ids[i] = digestOf([]byte{byte(i)})
	}
	rec := &record{ID: digestOf(nil), Manifest: descriptor{Digest: digestOf(nil), MediaType: mediaOCIManifest}, DiffIDs: ids,
		Config: Config{Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1", "B=2"}, Cmd: []string{"/bin/sh"},
			Labels: map[string]string{"org.opencontainers.image.title": "bench", "maintainer": "nobody"}}}
	require.NoError(b, s.writeRecord(rec))
	require.NoError(b, s.update(context.Background(), func(x *index) error { x.set("docker.io/library/a:latest", rec); return nil }))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Find("a"); err != nil {
			b.Fatal(err)
		}
	}
}
