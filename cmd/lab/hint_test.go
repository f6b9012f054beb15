package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/store"
)

// The packages explain, the command line advises: what a person is told next for each error that has a way out.
func TestHints(t *testing.T) {
	op := func(op kernel.Op, errno syscall.Errno) error {
		return fmt.Errorf("run: %w", &kernel.Error{Op: op, Errno: errno})
	}
	assert.Empty(t, hint(fmt.Errorf("export: %w", &fs.PathError{Op: "write", Path: "/dev/stdout", Err: unix.ENOSPC})))
	for _, c := range []struct {
		err  error
		want string
	}{
		{&store.TakenError{Name: "web", ID: "0123456789abcdef"}, "`lab rm 0123456789ab`"},
		{fmt.Errorf("pull x: %w", image.ErrUnreachable), "lab load -i FILE"},
		{fmt.Errorf("pull x: %w", image.ErrUnauthorized), "docker login"},
		{fmt.Errorf("pull x: %w", image.ErrRateLimited), "lab load"},
		{fmt.Errorf("pull x: %w", image.ErrPlatform), "--platform"},
		{fmt.Errorf("write: %w", unix.ENOSPC), "make room on the disk"},
		{op(kernel.Execve("/bin/x", []string{"x"}, nil), unix.EACCES), "chmod +x"},
		{op(kernel.Execve("/bin/x", []string{"/bin/x"}, nil), unix.ENOENT), "interpreter or loader"},
		{op(kernel.Execve("/bin/x", []string{"x"}, nil), unix.ENOEXEC), "another architecture"},
		{op(kernel.Mount("overlay", "/x", "overlay", 0, ""), unix.EINVAL), "tmpfs"},
		{op(kernel.Mkdir("/x", 0), unix.ENOSPC), "make room on the disk"},
		{op(kernel.PivotRoot(".", "."), unix.EINVAL), "mount point"},
		{op(kernel.Mkdir("/x", 0), unix.EIO), ""},
		{errors.New("anything else"), ""},
	} {
		got := hint(c.err)
		if c.want == "" {
			assert.Empty(t, got, c.err.Error())
		} else {
			assert.Contains(t, got, c.want, c.err.Error())
		}
	}
}

func TestExitStatusOfAProgramThatCannotStart(t *testing.T) {
	for errno, want := range map[syscall.Errno]int{unix.ENOENT: 127, unix.ENOTDIR: 127, unix.EACCES: 126, unix.ENOEXEC: 126, unix.ELOOP: 126} {
		err := &kernel.Error{Op: kernel.Execve("/bin/x", []string{"x"}, nil), Errno: errno}
		code, known := execStatus(fmt.Errorf("run: %w", err))
		assert.True(t, known)
		assert.Equal(t, want, code, errno.Error())
	}
	_, known := execStatus(&kernel.Error{Op: kernel.Setsid(), Errno: unix.EPERM})
	assert.False(t, known)
}
