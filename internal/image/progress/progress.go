package progress

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/container-labs/lab/internal/image"
)

// For chooses: bars when w is a terminal, else lines. The second value ends the
// display and must be called after the pull, before anything else is printed.
func For(w io.Writer) (image.Progress, func()) {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return Bars(w)
	}
	return Lines(w), func() {}
}
