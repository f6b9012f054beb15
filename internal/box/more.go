package box

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// more prints its input page by page on a terminal, else at once.
func more(c *call) {
	c.parse("eFRXSdrni")
	height := 0
	keys, err := os.Open("/dev/tty")
	if w, werr := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); werr == nil && err == nil {
		height = int(w.Row) - 1
	}
	shown := 0
	quit := false
	c.each(func(_ string, r io.Reader) error {
		if quit {
			return nil
		}
		return eachLine(r, func(l string) bool {
			c.out.WriteString(l)
			if shown++; height > 2 && shown >= height {
				shown = 0
				c.printf("\x1b[7m--More--\x1b[m")
				c.out.Flush()
				var b [64]byte
				n, err := keys.Read(b[:])
				c.printf("\x1b[A\r\x1b[K")
				quit = err != nil || n > 0 && b[0] == 'q'
			}
			return !quit
		})
	})
}
