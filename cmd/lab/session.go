package main

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// session describes how somebody is attached to a container.
type session struct {
	std      streams
	state    container.State
	dir      string // the container's
	tty      bool
	input    bool
	endInput bool
	keys     string
	proxy    bool // pass signals on

	noOut, noErr bool // do not print the container's output
}

// do stays attached until the container ends or the person leaves, and returns the exit status.
func (s session) do(conn int) (int, error) {
	keys, err := monitor.ParseKeys(s.keys)
	if err != nil {
		_ = unix.Close(conn)
		return 0, usage("%w", err)
	}
	process := -1
	if s.proxy && !s.tty { // through a terminal the keys come as they are; a signal for lab itself is for lab
		if fd, err := openProcess(s.state); err == nil {
			process = fd
			defer unix.Close(fd)
		}
	}
	m := &monitor.Session{
		Conn: conn, In: s.std.in, Out: s.std.out, Err: s.std.err, Input: s.input, EndInput: s.endInput, TTY: s.tty, Keys: keys, Process: process,
		ToTheEnd: s.state.Remove,
	}
	if s.noOut {
		m.Out = nil
	}
	if s.noErr {
		m.Err = nil
	}
	of := store.Open(filepath.Dir(filepath.Dir(s.dir)))
	tell(of, s.state, "attach", nil)
	result, err := m.Do()
	switch {
	case err != nil:
		return 0, err
	case result.Detached:
		tell(of, s.state, "detach", nil)
		if s.tty {
			fmt.Fprint(s.std.out, "\r\n")
		}
		return 0, nil
	case result.Tired:
		return 0, &exit{code: 1, err: fmt.Errorf("container %s did not end when asked three times, and runs on: lab kill %[1]s ends it", s.state.Name)}
	case !result.Exited: // killed, or it ended before it had heard of us
		if now, err := container.ReadState(s.dir); err == nil && now.Status == container.Exited && now.Error == "" && now.Started.Equal(s.state.Started) {
			return now.ExitCode, nil
		}
		return 0, goneMeanwhile(s.dir, s.state, errGone)
	}
	return result.Code, nil
}
