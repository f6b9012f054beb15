package chroot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Command is a program to be run under another root.
type Command struct {
	// Root is the directory that the program sees as "/".
	Root string

	// Args are the program and its arguments. A name without a slash is looked for along the PATH of Env
	// ([kernel.DefaultPath] where it has none), inside the new root.
	Args []string

	// Env is the environment, "NAME=value" each. Nil is an empty environment, not the caller's.
	Env []string

	// Dir is the working directory inside the new root; "" is "/".
	Dir string

	// Pivot gives the program a mount namespace of its own in which Root is the top: see [Pivot].
	Pivot bool

	// KillChild makes the kernel send the program SIGKILL when the thread that called Start ends. Call Start from a
	// thread that lives as long as the program should.
	KillChild bool

	// Stdin, Stdout and Stderr are the standard streams; nil leaves the caller's.
	Stdin, Stdout, Stderr *os.File
}

// Check says in one sentence what is wrong with the command, before any call is made.
func (c Command) Check() error {
	switch {
	case c.Root == "":
		return errors.New("chroot: no root directory given")
	case len(c.Args) == 0 || c.Args[0] == "":
		return errors.New("chroot: no program given")
	}
	for _, s := range append(append([]string{c.Root, c.Dir}, c.Args...), c.Env...) {
		if strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("chroot: %q has a NUL byte, at which the kernel would cut it off", s)
		}
	}
	if c.Pivot {
		return checkPivot(c.Root)
	}
	return nil
}

// Ops lists what the new process does. With [Command.Pivot] it must be born in a mount namespace of its own
// (CLONE_NEWNS): the list begins by making that private.
func (c Command) Ops() []kernel.Op {
	var ops []kernel.Op
	if c.Pivot {
		ops = append(ops, private())
		ops = append(ops, PivotOps(c.Root)...)
	} else {
		ops = append(ops, EnterOps(c.Root)...)
	}
	if c.Dir != "" {
		// The new root is the current directory: a relative Dir starts there.
		ops = append(ops, kernel.Chdir(c.Dir).For("go to the working directory "+c.Dir))
	}
	if c.KillChild {
		ops = append(ops, kernel.DieWithParent()...)
	}
	ops = append(ops, kernel.Streams(c.Stdin, c.Stdout, c.Stderr)...)
	return append(ops, kernel.Exec(c.Args, c.Env)...)
}

// Start starts the program; the caller waits for it and closes the child.
//
// Kernel: clone3(2), then [Command.Ops]. Needs CAP_SYS_CHROOT, and CAP_SYS_ADMIN with Pivot. The error is
// Check's, or a *kernel.Error that says which call failed; the program has not begun then.
func (c Command) Start() (*kernel.Child, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	closeStreams, err := kernel.StreamsApart(&c.Stdin, &c.Stdout, &c.Stderr)
	if err != nil {
		return nil, err
	}
	defer closeStreams()
	start := kernel.Start{Ops: c.Ops()}
	if c.Pivot {
		start.Flags = unix.CLONE_NEWNS
	}
	return kernel.Fork(start)
}

// absolute is needed for pivoting: after the root is mounted onto itself, "." still means what is below that mount.
func absolute(root string) string {
	if abs, err := filepath.Abs(root); err == nil {
		return abs
	}
	return root
}
