package ns

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrHidden is returned for a relative of a namespace that lies above our own user or PID namespace, where we may not look.
var ErrHidden = errors.New("above our own namespace")

// Owner returns the user namespace that owns the namespace at path: whose root has rights over it. For a user namespace
// that is its parent. See ioctl_ns(2), NS_GET_USERNS. The error wraps [ErrHidden] where it lies above ours.
func Owner(path string) (ID, error) { return ownerOf(path) }

// Parent returns the parent of the user or PID namespace at path; other kinds have none (EINVAL). See ioctl_ns(2),
// NS_GET_PARENT. The error wraps [ErrHidden] where it lies above ours.
func Parent(path string) (ID, error) { return relativeAt(path, unix.NS_GET_PARENT) }

func ownerOf(path string) (ID, error) { return relativeAt(path, unix.NS_GET_USERNS) }

func relativeAt(path string, request uint) (ID, error) {
	fd, err := openNS(path)
	if err != nil {
		return ID{}, fmt.Errorf("open the namespace %s: %w", path, err)
	}
	defer unix.Close(fd)
	next, err := relative(fd, request)
	if err != nil {
		return ID{}, fmt.Errorf("find the relatives of the namespace %s: %w", path, err)
	}
	defer unix.Close(next)
	return idOf(next)
}

// openNS opens a namespace by its path, and nothing else: the path may lie in a mount namespace of somebody who would
// like root to open a device. O_PATH opens nothing yet, so there is time to look. What is no namespace is ENOTTY, as
// the ioctls would say.
func openNS(path string) (int, error) {
	at, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(at)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(at, &fs); err != nil {
		return -1, err
	}
	if fs.Type != unix.NSFS_MAGIC {
		return -1, unix.ENOTTY
	}
	return unix.Open("/proc/self/fd/"+strconv.Itoa(at), unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// relative opens a relative of an open namespace. The descriptor that the kernel gives is close-on-exec.
func relative(fd int, request uint) (int, error) {
	next, err := unix.IoctlRetInt(fd, request)
	if err == unix.EPERM {
		return -1, fmt.Errorf("%w: %w", ErrHidden, err)
	}
	return next, err
}

func idOf(fd int) (ID, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return ID{}, err
	}
	return ID{Dev: uint64(st.Dev), Ino: st.Ino}, nil
}
