package box

import (
	"os"

	"golang.org/x/sys/unix"
)

// keys gives the keys of the controlling terminal one by one, without echo. Ctrl-C is one of them, so
// that a command that is left by it puts the terminal back, see termios(3).
type keys struct {
	tty     *os.File
	old     *unix.Termios
	pressed chan byte
}

// openKeys needs undo after it; both the channel and undo of no keys are harmless.
func openKeys() *keys {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return &keys{}
	}
	old, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		tty.Close()
		return &keys{}
	}
	t := *old
	t.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, &t); err != nil {
		tty.Close()
		return &keys{}
	}
	k := &keys{tty, old, make(chan byte)}
	go func() {
		var b [1]byte
		for {
			if n, err := tty.Read(b[:]); n == 0 || err != nil {
				close(k.pressed)
				return
			}
			k.pressed <- b[0]
		}
	}()
	return k
}

func (k *keys) undo() {
	if k.tty != nil {
		unix.IoctlSetTermios(int(k.tty.Fd()), unix.TCSETS, k.old)
	}
}

// leaves tells that a key means "enough": q or Ctrl-C.
func leaves(key byte) bool { return key == 'q' || key == 'Q' || key == 3 }
