package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/unionfs"
)

// rootError is an error of a command that runs in the directory root.
type rootError struct {
	root string
	err  error
}

func (e *rootError) Error() string { return e.err.Error() }
func (e *rootError) Unwrap() error { return e.err }

func inRoot(root string, err error) error {
	if err == nil {
		return nil
	}
	return &rootError{root, err}
}

// advised is an error that knows its own way out.
type advised struct {
	err    error
	advice string
}

func (e *advised) Error() string { return e.err.Error() }
func (e *advised) Unwrap() error { return e.err }

func advise(err error, format string, args ...any) error {
	return &advised{err, fmt.Sprintf(format, args...)}
}

// chapterHint is the part of hint's table that is about the first four chapters.
func chapterHint(err error) string {
	var own *advised
	var root *rootError
	var op *kernel.Error
	var internal *cgroup.InternalProcesses
	switch {
	case errors.As(err, &own):
		return own.advice
	case errors.As(err, &root):
		return rootHint(root)
	case errors.As(err, &internal):
		return "put lab's groups below one that has no processes: LAB_CGROUP_PARENT names it"
	case errors.Is(err, cgroup.ErrInside):
		return "lab itself is a member of that group; run this from a shell that is not"
	case errors.Is(err, cgroup.ErrStillThere):
		return "they hang in the kernel; `cat /proc/PID/stack` says where, and nothing but the end of that wait removes them"
	case errors.Is(err, unionfs.ErrNested):
		return "try: mount -t tmpfs tmpfs /mnt, and make upper and work below /mnt"
	case errors.As(err, &op):
		return chapterOpHint(op)
	case errors.Is(err, fs.ErrPermission) && unix.Geteuid() != 0:
		return "only root may: try sudo; images can also be kept in a directory of your own, with --root"
	}
	return ""
}

func rootHint(e *rootError) string {
	var op *kernel.Error
	switch {
	case errors.Is(e.err, fs.ErrNotExist) && !isDir(e.root):
		return fmt.Sprintf("make one out of an image: `lab unionfs copy box %s`", e.root)
	case errors.As(e.err, &op) && op.Op.Call == "execve" && errors.Is(e.err, fs.ErrNotExist):
		return "the program is looked for inside the new root, and so is the loader that it names; is there a shell in " + e.root + "/bin?"
	}
	return ""
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// chapterOpHint knows what else than containers a call is made for.
func chapterOpHint(e *kernel.Error) string {
	switch {
	case e.Op.Call == "execve" && e.Errno == unix.ENOENT:
		return "" // hint knows
	case (e.Op.Call == "unshare" || e.Op.Call == "clone3") && e.Errno == unix.EPERM && unix.Geteuid() != 0:
		return "a user namespace of your own gives the right to make the others: add -r, or try sudo"
	case (e.Op.Call == "unshare" || e.Op.Call == "clone3") && e.Errno == unix.ENOSPC:
		return "a limit of namespaces is reached: see /proc/sys/user/max_*_namespaces"
	case e.Op.Call == "setns" && e.Errno == unix.EPERM && unix.Geteuid() != 0:
		return "only root, or the owner of its user namespace (then add -U), may join another process's namespaces"
	case e.Op.Call != "execve" && e.Errno == unix.EACCES && unix.Geteuid() != 0:
		return "only root may: try sudo"
	case e.Op.Call == "umount2" && e.Errno == unix.EBUSY:
		return "somebody is in there: `fuser -vm DIR` says who"
	}
	return ""
}
