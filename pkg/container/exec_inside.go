package container

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// What follows looks into a running container from outside. Whatever it finds there was written by somebody who may be
// hostile, and may change while it is looked at.

// Differing returns the CLONE_NEW* flags of the namespaces of process pid that are not the caller's own. Joining one that is ours
// already is no more than a detour, except for the user namespace, where it is EINVAL (setns(2)).
func Differing(pid int) (uint64, error) {
	var flags uint64
	for _, k := range namespaceFlags {
		name := namespaceFile(k.flag)
		own, err := namespaceID("/proc/self/ns/" + name)
		if errors.Is(err, unix.ENOENT) {
			continue // this kernel does not have the kind
		}
		if err != nil {
			return 0, err
		}
		its, err := namespaceID("/proc/" + itoa(pid) + "/ns/" + name)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			return 0, ErrEnded
		}
		if err != nil {
			return 0, err
		}
		if own != its {
			flags |= k.flag
		}
	}
	return flags, nil
}

func namespaceFile(flag uint64) string {
	switch flag {
	case unix.CLONE_NEWUSER:
		return "user"
	case unix.CLONE_NEWPID:
		return "pid"
	case unix.CLONE_NEWNS:
		return "mnt"
	case unix.CLONE_NEWUTS:
		return "uts"
	case unix.CLONE_NEWIPC:
		return "ipc"
	case unix.CLONE_NEWNET:
		return "net"
	case unix.CLONE_NEWTIME:
		return "time"
	}
	return "cgroup"
}

// namespaceID is the device and inode of the file behind a link in /proc/PID/ns: the identity of the namespace (namespaces(7)).
func namespaceID(link string) ([2]uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(link, &st); err != nil {
		return [2]uint64{}, fmt.Errorf("look at the namespace %s: %w", link, err)
	}
	return [2]uint64{st.Dev, st.Ino}, nil
}

// OpenRoot opens the root directory of process pid, as that process sees it. Paths below it are opened with RESOLVE_IN_ROOT.
// pidfd says that the process is still the one that was meant. Needs root.
func OpenRoot(pid, pidfd int) (int, error) {
	fd, err := unix.Open("/proc/"+itoa(pid)+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil && running(pidfd) {
		return fd, nil
	}
	if err == nil {
		_ = unix.Close(fd)
		return -1, ErrEnded
	}
	if !running(pidfd) {
		return -1, ErrEnded
	}
	return -1, fmt.Errorf("open the container's root: %w", err)
}

// OpenNull opens /dev/null of the container whose root is behind fd, not the host's: whoever has it open may change its permissions.
// Anything else at that place is refused before it is opened.
func OpenNull(root int) (int, error) {
	path, st, err := lookAt(root, "dev/null")
	if err != nil {
		return -1, fmt.Errorf("open the container's /dev/null: %w", err)
	}
	defer unix.Close(path)
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(1, 3) {
		return -1, errors.New("open the container's /dev/null: it is not the null device")
	}
	fd, err := unix.Open("/proc/self/fd/"+itoa(path), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open the container's /dev/null: %w", err)
	}
	return fd, nil
}

// ReadInside returns the content of a small regular file of the container whose root is behind fd. Symbolic links are followed
// inside that root. A file that is not there is fs.ErrNotExist; what is no regular file, or has more than 1 MiB, is refused.
func ReadInside(root int, name string) ([]byte, error) {
	const most = 1 << 20
	path, st, err := lookAt(root, name)
	if err != nil {
		return nil, &os.PathError{Op: "read the container's", Path: "/" + name, Err: err}
	}
	defer unix.Close(path)
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, &os.PathError{Op: "read the container's", Path: "/" + name, Err: unix.EINVAL}
	}
	file, err := os.Open("/proc/self/fd/" + itoa(path))
	if err != nil {
		return nil, fmt.Errorf("read the container's /%s: %w", name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(data) > most {
		err = unix.EFBIG
	}
	if err != nil {
		return nil, &os.PathError{Op: "read the container's", Path: "/" + name, Err: err}
	}
	return data, nil
}

// lookAt finds a file without opening it: opening a FIFO would wait, opening a device could do anything.
func lookAt(root int, name string) (fd int, st unix.Stat_t, err error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	for range 100 { // EAGAIN: something was renamed during the walk, as a hostile process may do for ever
		fd, err = unix.Openat2(root, name, &how)
		if err != unix.EAGAIN && err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return -1, st, err
	}
	if err = unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return -1, st, err
	}
	return fd, st, nil
}

// belowGroup is the v2 group that process pid is in, if that is dir or below it.
func belowGroup(pid int, dir string) (string, error) {
	data, err := os.ReadFile("/proc/" + itoa(pid) + "/cgroup")
	if err != nil {
		return "", ErrEnded
	}
	for line := range bytes.Lines(data) {
		path, found := strings.CutPrefix(strings.TrimSuffix(string(line), "\n"), "0::")
		if !found {
			continue
		}
		// dir ends in the container's group as seen from the top of the tree, path begins with it: "…/lab/ID" and "/lab/ID/init"
		for top := dir; top != "" && top != "/"; top = top[:strings.LastIndexByte(top, '/')] {
			if tail := dir[len(top):]; tail != "" && strings.HasPrefix(path, tail+"/") && !strings.Contains(path, "/../") {
				return top + path, nil
			}
		}
	}
	return "", errBusyGroup
}
