package progress

import (
	"bytes"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/image"
)

// pull plays the events of one with three layers, of which one never ends.
func pull(p image.Progress) {
	phases := map[int][]image.Event{
		0: {{Phase: image.AlreadyExists}},
		1: {{Phase: image.Downloading, Current: 10}, {Phase: image.Retrying, Note: "connection reset"}, {Phase: image.Extracting, Current: 100}, {Phase: image.PullComplete, Current: 100}},
		2: {{Phase: image.Downloading, Current: 50}},
	}
	for i := range 3 {
		p(image.Event{Layer: "layer" + string(rune('0'+i)), Index: i, Layers: 3, Phase: image.Waiting, Total: 100})
	}
	var all sync.WaitGroup
	for i, events := range phases {
		all.Go(func() {
			for _, e := range events {
				e.Layer, e.Index, e.Layers, e.Total = "layer"+string(rune('0'+i)), i, 3, 100
				p(e)
			}
		})
	}
	all.Wait()
}

func TestLines(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p, end := For(w)
	pull(p)
	end()
	w.Close()
	var out bytes.Buffer
	_, err = out.ReadFrom(r)
	r.Close()
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	got := make([]string, 0, len(lines))
	for _, l := range lines {
		got = append(got, string(l))
	}
	assert.ElementsMatch(t, []string{"layer0: Already exists", "layer1: Retrying: connection reset", "layer1: Pull complete"}, got)
}

func TestBars(t *testing.T) {
	var out bytes.Buffer
	p, end := Bars(&out)
	pull(p)
	end()
	end()
	p(image.Event{Layer: "late", Index: 7})
	for _, want := range []string{"layer0: Already exists", "layer1: Pull complete", "layer2: Downloading", "50B/100B", "["} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), "late")
}
