package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/store"
)

// hint maps an error to the next step. The packages explain; only the command line advises.
func hint(err error) string {
	if h := chapterHint(err); h != "" {
		return h
	}
	var taken *store.TakenError
	var op *kernel.Error
	if errors.As(err, &op) {
		if h := opHint(op); h != "" {
			return h
		}
	}
	switch {
	case errors.As(err, &taken):
		return "remove that container with `lab rm " + short(taken.ID) + "`, or choose another --name"
	case errors.Is(err, image.ErrUnreachable):
		return "without a network, load an image from a file: `lab load -i FILE`; `lab run box` needs neither"
	case errors.Is(err, image.ErrUnauthorized):
		return "log in with `docker login` or another tool that writes ~/.docker/config.json; Docker Hub also says so for names that do not exist"
	case errors.Is(err, image.ErrRateLimited):
		return "wait, log in, or take the image from a file: `lab load -i FILE`"
	case errors.Is(err, image.ErrPlatform):
		return "name one of those with --platform; a program for another machine runs only where binfmt_misc has an emulator"
	case errors.Is(err, unix.EMFILE):
		return filesHint()
	case errors.Is(err, unix.ENOSPC) && !atOutput(err):
		return "make room on the disk below --root, or remove images with `lab rmi`"
	}
	return ""
}

// atOutput says that it was standard output that took no more: room below --root is no help there.
func atOutput(err error) bool {
	var where *fs.PathError
	return errors.As(err, &where) && where.Path == os.Stdout.Name()
}

// opHint knows the errors that a call is famous for.
func opHint(e *kernel.Error) string {
	switch {
	case e.Op.Call == "execve" && (e.Errno == unix.ENOENT || e.Errno == unix.EACCES || e.Errno == unix.ENOEXEC):
		return execHint(e)
	case e.Errno == unix.EPERM && unix.Geteuid() != 0:
		return "lab needs root to make containers: try sudo"
	case e.Op.Call == "mount" && len(e.Op.Args) > 2 && e.Op.Args[2].Text() == "overlay" && e.Errno == unix.EINVAL:
		return "overlay cannot use a directory that is on overlay itself; put --root on another file system, such as a tmpfs"
	case e.Op.Call == "clone3" && e.Errno == unix.ENOSPC:
		return "a limit of namespaces is reached: see /proc/sys/user/max_*_namespaces"
	case e.Op.Call == "pivot_root" && e.Errno == unix.EINVAL:
		return "pivot_root needs a mount point that is not shared; bind the root onto itself and make / private"
	}
	return ""
}

func execHint(e *kernel.Error) string {
	switch e.Errno {
	case unix.EACCES:
		return "the file is there, but is no program that this user may run (chmod +x?)"
	case unix.ENOEXEC:
		return "the file is no program for this machine: another architecture, or a script without #! in its first line"
	}
	if len(e.Op.Args) > 0 && strings.Contains(e.Op.Args[0].Text(), "/") {
		return "the image has no such program, or the interpreter or loader that it names is missing"
	}
	return ""
}

// filesHint names the limit that a command ran into.
func filesHint() string {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return ""
	}
	return fmt.Sprintf("this lab may have no more than %d files open: raise the hard limit (ulimit -Hn)", limit.Cur)
}

func short(id string) string { return id[:min(12, len(id))] }
