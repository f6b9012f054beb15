package image

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRepositoryTags(t *testing.T) {
	r, s, ctx := newRegistry(t), newStore(t), context.Background()
	i := &testImage{layers: []testLayer{file("a", "1")}}
	for _, tag := range []string{"b", "a", "1.0"} {
		r.push("team/app:"+tag, i)
	}
	tags, err := s.RepositoryTags(ctx, r.host+"/team/app", false)
	require.NoError(t, err)
	assert.Equal(t, []string{"1.0", "a", "b"}, tags)
	_, err = s.RepositoryTags(ctx, r.host+"/none", false)
	require.ErrorIs(t, err, ErrUnknown)

	// The next page is where the registry says, by whatever it counts pages with; but in the same repository.
	r.breaks(func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		assert.Equal(t, "/v2/team/app/tags/list", req.URL.Path)
		switch page := req.URL.Query().Get("next_page"); page {
		case "":
			w.Header().Set("Link", `</v2/elsewhere/tags/list?n=2&next_page=gAAA%3D>; rel="next"`)
			fmt.Fprint(w, `{"tags":["x","b"]}`)
		default:
			assert.Equal(t, "gAAA=", page)
			fmt.Fprint(w, `{"tags":["y","b"]}`)
		}
	})
	tags, err = s.RepositoryTags(ctx, r.host+"/team/app", false)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "x", "y"}, tags)

	// One that never comes to an end is not asked for ever.
	r.requests()
	r.breaks(func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		w.Header().Set("Link", `<tags/list?n=1&last=x>; rel="next"`)
		fmt.Fprint(w, `{"tags":["x"]}`)
	})
	tags, err = s.RepositoryTags(ctx, r.host+"/team/app", false)
	require.NoError(t, err)
	assert.Equal(t, []string{"x"}, tags)
	assert.Len(t, r.requests(), 2)

	for _, answer := range []string{`{"tags":["../x"]}`, `{"tags":[""]}`, `{"tags":["a b"]}`, `[]`} {
		r.breaks(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { fmt.Fprint(w, answer) })
		_, err = s.RepositoryTags(ctx, r.host+"/team/app", false)
		assert.ErrorContains(t, err, "list the tags of ", answer)
	}
}
