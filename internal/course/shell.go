package course

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// outcome is what came of a command.
type outcome struct {
	status int // exit status; 128+n where signal n ended it
	output string
	late   bool  // it took too long, and was ended
	err    error // it could not be run
}

// mostOutput is how much of a command's output is kept.
const mostOutput = 64 << 10

// limited keeps the first bytes and throws the rest away, so that a command that prints without end fills nothing.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	if room := mostOutput - l.Len(); room > 0 {
		l.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// shell runs a command for a check: in the work directory, without input, in a session of its own, which is ended with it.
func (v *View) shell(ctx context.Context, script string) outcome {
	return run(ctx, v.Work, v.Environment(ctx, script), "/bin/sh", "-c", script)
}

func run(ctx context.Context, dir string, env []string, program string, args ...string) outcome {
	var out limited
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = 300 * time.Millisecond
	err := cmd.Run()
	if cmd.Process != nil {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // what it left in the background
	}
	got := outcome{output: out.String(), late: ctx.Err() != nil}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		ws := exit.Sys().(syscall.WaitStatus)
		got.status = ws.ExitStatus()
		if ws.Signaled() {
			got.status = 128 + int(ws.Signal())
		}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay) && !got.late:
		got.err = err
	}
	return got
}
