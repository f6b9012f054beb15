package monitor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/loop"
)

// Listen makes the socket that people attach to, in the container's directory. Its path may be longer than the 107 bytes that
// an address holds (unix(7)), so it is named through the open directory.
func Listen(dir *os.File) (int, error) {
	name := "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + loop.SocketFile
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("make the container's socket: %w", err)
	}
	_ = unix.Unlinkat(int(dir.Fd()), loop.SocketFile, 0)
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err == nil {
		err = unix.Listen(fd, loop.Backlog)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("make the container's socket: %w", err)
	}
	return fd, nil
}

// ErrNoMonitor says that nobody listens at a container's socket.
var ErrNoMonitor = errors.New("no monitor is beside the container")

// Connect attaches to the container in the directory dir: [Session.Do] does the talking.
func Connect(dir string) (int, error) {
	d, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open the container's directory: %w", err)
	}
	defer unix.Close(d)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("attach: %w", err)
	}
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: "/proc/self/fd/" + strconv.Itoa(d) + "/" + loop.SocketFile})
	if err == nil {
		_, err = unix.Write(fd, []byte{loop.Hello, 'o'})
		if err == unix.EPIPE { // refused already: why is there to be read
			err = nil
		}
	}
	if err == nil {
		return fd, nil
	}
	_ = unix.Close(fd)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED) {
		return -1, ErrNoMonitor
	}
	return -1, fmt.Errorf("attach to %s: %w", filepath.Base(dir), err)
}

// CheckFiles returns an error where the limit of open files is too low for a container with a monitor. It would run into that when the
// container runs already, and nobody could be told.
func CheckFiles() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= loop.MinFiles {
		return nil
	}
	return fmt.Errorf("the limit of open files (ulimit -n) is %d, and a container that has a monitor beside it needs %d", limit.Cur, loop.MinFiles)
}

// Program is what to execute as a container's monitor: lab-monitor beside this lab, and where the kernel refuses that one, this lab
// itself, which can do the same and needs more memory. There is no other where lab-monitor is not there at all.
func Program() (program, other string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("find lab's own program: %w", err)
	}
	small := filepath.Join(filepath.Dir(self), "lab-monitor")
	if unix.Access(small, unix.X_OK) == nil {
		return small, self, nil
	}
	return self, "", nil
}
