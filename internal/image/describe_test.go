package image

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDescribe(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	digest := r.push("app:1", twoLayers())
	img := s.mustPull(t, r.host+"/app:1").Image
	d, err := s.Describe(r.host + "/app:1")
	require.NoError(t, err)
	assert.Equal(t, []string{r.host + "/app:1"}, d.RepoTags)
	assert.Equal(t, []string{r.host + "/app@" + digest}, d.RepoDigests)
	assert.Equal(t, img.DiffIDs, d.RootFS.Layers)
	assert.Equal(t, img.Layers[1], d.GraphDriver.Data["LowerDir"])
	data, err := json.Marshal(d)
	require.NoError(t, err)
	assert.Contains(t, string(data), `"Id":"sha256:`)
	assert.Contains(t, string(data), `"Os":"linux"`)

	steps, err := s.History(img)
	require.NoError(t, err)
	require.Len(t, steps, 2, "layers without history are shown too")
	assert.Equal(t, img.DiffIDs[1], steps[0].DiffID)
	assert.Equal(t, int64(1), steps[0].Size)
}
