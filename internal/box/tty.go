package box

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func tty(c *call) {
	f := c.parse("s")
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err != nil {
		if !f.has('s') {
			c.printf("not a tty\n")
		}
		c.exit(1)
	}
	name, err := os.Readlink("/proc/self/fd/0")
	if err != nil {
		name = "/dev/tty"
	}
	if !f.has('s') {
		c.printf("%s\n", name)
	}
}

func stty(c *call) {
	t, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		c.fail("standard input: %s", text(err))
	}
	if len(c.args) == 0 || c.args[0] == "-a" || c.args[0] == "size" {
		w, _ := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		if w == nil {
			w = &unix.Winsize{}
		}
		if len(c.args) > 0 && c.args[0] == "size" {
			c.printf("%d %d\n", w.Row, w.Col)
			return
		}
		on := func(b bool, name string) string {
			if b {
				return name
			}
			return "-" + name
		}
		c.printf("speed 38400 baud; rows %d; columns %d;\n%s %s %s %s %s\n", w.Row, w.Col, on(t.Iflag&unix.ICRNL != 0, "icrnl"), on(t.Oflag&unix.OPOST != 0, "opost"),
			on(t.Lflag&unix.ISIG != 0, "isig"), on(t.Lflag&unix.ICANON != 0, "icanon"), on(t.Lflag&unix.ECHO != 0, "echo"))
		return
	}
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		off := strings.HasPrefix(a, "-")
		set := func(flags *uint32, bit uint32) {
			if *flags |= bit; off {
				*flags &^= bit
			}
		}
		switch strings.TrimPrefix(a, "-") {
		case "echo":
			set(&t.Lflag, unix.ECHO)
		case "icanon":
			set(&t.Lflag, unix.ICANON)
		case "isig":
			set(&t.Lflag, unix.ISIG)
		case "tostop":
			set(&t.Lflag, unix.TOSTOP)
		case "icrnl":
			set(&t.Iflag, unix.ICRNL)
		case "opost":
			set(&t.Oflag, unix.OPOST)
		case "raw":
			t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
			t.Oflag &^= unix.OPOST
			t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG | unix.IEXTEN
		case "sane", "cooked":
			t.Iflag |= unix.BRKINT | unix.ICRNL | unix.IXON
			t.Oflag |= unix.OPOST | unix.ONLCR
			t.Lflag |= unix.ECHO | unix.ECHOE | unix.ECHOK | unix.ICANON | unix.ISIG | unix.IEXTEN
		case "rows", "cols", "columns":
			if i+1 >= len(c.args) {
				c.misuse("missing argument to '%s'", a)
			}
			i++
			w, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
			if err != nil {
				c.fail("%s", text(err))
			}
			if n := uint16(c.number(c.args[i])); a == "rows" {
				w.Row = n
			} else {
				w.Col = n
			}
			if err := unix.IoctlSetWinsize(0, unix.TIOCSWINSZ, w); err != nil {
				c.fail("%s", text(err))
			}
		default:
			c.misuse("invalid argument '%s'", a)
		}
	}
	if err := unix.IoctlSetTermios(0, unix.TCSETSW, t); err != nil {
		c.fail("%s", text(err))
	}
}

func clear_(c *call) { c.printf("\x1b[H\x1b[2J\x1b[3J") }
