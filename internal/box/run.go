package box

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/container-labs/lab/internal/box/sh"
)

// become replaces the process, execve(2); it returns only by ending the command with 127 or 126.
func (c *call) become(argv, env []string) {
	c.out.Flush()
	if os.Getenv("PATH") == "" {
		os.Setenv("PATH", sh.DefaultPath) // as execvp(3) does, for the search only
	}
	path, err := exec.LookPath(argv[0])
	if err == nil || errors.Is(err, exec.ErrDot) {
		err = syscall.Exec(path, argv, env)
	}
	code := 126
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code, err = 127, syscall.ENOENT
	}
	c.complain("can't execute '%s': %s", argv[0], text(err))
	c.exit(code)
}

// program gives the operands, or a shell if there are none.
func (c *call) program() []string {
	if len(c.args) > 0 {
		return c.args
	}
	if s := os.Getenv("SHELL"); s != "" {
		return []string{s}
	}
	return []string{"/bin/sh"}
}

func nohup(c *call) {
	c.parse("+")
	c.operands(1, -1)
	signal.Ignore(syscall.SIGHUP)
	c.become(c.args, os.Environ())
}
