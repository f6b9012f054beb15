package box

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

func (f *finder) exec() test {
	f.acted = true
	var argv []string
	for {
		a := f.next()
		if a == ";" {
			break
		}
		if a == "+" && len(argv) > 0 && argv[len(argv)-1] == "{}" {
			b := &batch{argv: argv[: len(argv)-1 : len(argv)-1]}
			f.batches = append(f.batches, b)
			return func() bool {
				if b.paths = append(b.paths, f.path); len(b.paths) >= 1000 {
					f.execute(append(b.argv, b.paths...))
					b.paths = nil
				}
				return true
			}
		}
		argv = append(argv, a)
	}
	return func() bool {
		run := make([]string, len(argv))
		for i, a := range argv {
			run[i] = strings.ReplaceAll(a, "{}", f.path)
		}
		return f.execute(run)
	}
}

func (f *finder) execute(argv []string) bool { return f.c.spawn(argv, nil) == 0 }

// spawn runs a program to its end and gives its status; 127 and 126 as the shell has them.
func (c *call) spawn(argv, env []string) int {
	c.out.Flush()
	if len(argv) == 0 {
		return 0
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, env
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		ws := exit.Sys().(syscall.WaitStatus)
		if ws.Signaled() {
			return 128 + int(ws.Signal())
		}
		return ws.ExitStatus()
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		c.complain("%s: No such file or directory", argv[0])
		return 127
	}
	c.complain("%s: %s", argv[0], text(err))
	return 126
}
