package progress

import (
	"fmt"
	"io"
	"sync"

	"github.com/container-labs/lab/internal/image"
)

// Lines writes a line when a layer is done, and when its connection broke.
func Lines(w io.Writer) image.Progress {
	var mu sync.Mutex
	return func(e image.Event) {
		switch e.Phase {
		case image.PullComplete, image.AlreadyExists:
		case image.Retrying:
			e.Phase += ": " + image.Phase(e.Note)
		default:
			return
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(w, "%s: %s\n", e.Layer, e.Phase)
	}
}
