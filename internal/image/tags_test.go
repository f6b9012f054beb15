package image

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTags(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	i := &testImage{layers: []testLayer{file("a", "1")}}
	for _, tag := range []string{"b", "a", "1.0"} {
		r.push("team/app:"+tag, i)
	}
	tags, err := s.Tags(context.Background(), r.host+"/team/app", PullOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"1.0", "a", "b"}, tags)
	_, err = s.Tags(context.Background(), r.host+"/none", PullOptions{})
	require.ErrorIs(t, err, ErrUnknown)

	r.breaks(func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		if req.URL.Query().Get("last") == "" {
			w.Header().Set("Link", `</v2/elsewhere/tags/list?last=x&n=1>; rel="next"`)
			fmt.Fprint(w, `{"tags":["x","not a tag"]}`)
			return
		}
		assert.Equal(t, "/v2/team/app/tags/list", req.URL.Path)
		fmt.Fprint(w, `{"tags":["y"]}`)
	})
	tags, err = s.Tags(context.Background(), r.host+"/team/app", PullOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"x", "y"}, tags)
}

func TestHold(t *testing.T) {
	s, ctx := newStore(t), context.Background()
	img := imported(t, s, "a", map[string]string{"f": "1"})
	release, err := s.Hold(ctx, img)
	require.NoError(t, err)
	gone, err := s.Remove(ctx, "a", RemoveOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{img.ID}, gone.Deleted, "the layer stays")
	assert.FileExists(t, img.Layers[0]+"/f")
	release()

	other := imported(t, s, "b", map[string]string{"g": "1"})
	_, err = s.Remove(ctx, "b", RemoveOptions{})
	require.NoError(t, err)
	requireEmpty(t, s)
	_, err = s.Hold(ctx, other)
	require.ErrorIs(t, err, ErrNotFound)
	requireEmpty(t, s)
}

func BenchmarkHold(b *testing.B) {
	s, err := Open(b.TempDir())
	require.NoError(b, err)
	require.NoError(b, s.prepare())
	for b.Loop() {
		release, err := s.Hold(context.Background(), &Image{})
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}
