package cgroup

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Command is a program to be run in a group.
type Command struct {
	// Args are the program and its arguments. A name without a slash is looked for along the PATH of Env.
	Args []string

	// Env is the environment, "NAME=value" each. Nil is an empty environment, not the caller's.
	Env []string

	// KillChild makes the kernel send the program SIGKILL when the thread that called Start ends. Call Start from a
	// thread that lives as long as the program should. What the program has started is not ended with it: [Group.Kill] does.
	KillChild bool

	// Shut are descriptors that the program is not to inherit even for a moment, such as one whose lock says that
	// the caller lives.
	Shut []int
}

// Check says in one sentence what is wrong with the command, before any call is made.
func (c Command) Check() error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return errors.New("run in a group: no program given")
	}
	for _, list := range [...][]string{c.Args, c.Env} {
		for _, s := range list {
			if strings.IndexByte(s, 0) >= 0 {
				return fmt.Errorf("run in a group: %q has a NUL byte, at which the kernel would cut it off", s)
			}
		}
	}
	return nil
}

// Start starts the program as a member of the group, which must exist: it joins before it executes, so nothing that it
// does is counted elsewhere. The caller waits for it and closes the child.
//
// Kernel: clone3(2) with CLONE_INTO_CGROUP in v2, [Group.JoinOps] for each tree of v1, execve(2). The error is a
// *kernel.Error that says which call failed; the program has not begun then.
func (g *Group) Start(c Command) (*kernel.Child, error) {
	if g.err != nil {
		return nil, g.err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	start := kernel.Start{Ops: g.JoinOps(1), Shut: c.Shut}
	if dir := g.Dir(); dir != "" {
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("open group %s: %w", dir, err)
		}
		defer unix.Close(fd)
		start.Cgroup = fd
	}
	if c.KillChild {
		start.Ops = append(start.Ops, kernel.DieWithParent()...)
	}
	start.Ops = append(start.Ops, kernel.Exec(c.Args, c.Env)...)
	child, err := kernel.Fork(start)
	return child, Explain(err)
}

// Run runs the program to its end and returns its exit status: 128+n where signal n ended it.
//
// While it runs, what the terminal sends to both (SIGINT, SIGQUIT) does not end the caller, and a SIGTERM or SIGHUP
// for the caller is passed on. Errors are those of [Group.Start].
func (g *Group) Run(c Command) (status int, err error) {
	child, err := g.Start(c)
	if err != nil {
		return -1, err
	}
	defer child.Close()
	return child.Foreground()
}
