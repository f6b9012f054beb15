package box

import (
	"io"

	"golang.org/x/sys/unix"
)

// more prints its input page by page on a terminal, else at once. Enter shows one line more, q ends.
func more(c *call) {
	c.parse("eFRXSdrni")
	height := 0
	k := &keys{}
	if w, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); err == nil {
		if k = openKeys(); k.tty != nil {
			height = int(w.Row) - 1
		}
	}
	defer k.undo()
	shown := 0
	quit := false
	c.each(func(_ string, r io.Reader) error {
		if quit {
			return nil
		}
		return eachLine(r, func(l string) bool {
			if height > 1 && shown >= height {
				c.printf("\x1b[7m--More--\x1b[m")
				c.out.Flush()
				key, ok := <-k.pressed
				c.printf("\r\x1b[K")
				if quit = !ok || leaves(key); quit {
					return false
				}
				if shown = 0; key == '\r' || key == '\n' {
					shown = height - 1
				}
			}
			shown++
			c.out.WriteString(l)
			return true
		})
	})
}
