package sh

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func pipe() (r, w int, err error) {
	var p [2]int
	if err = unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return
	}
	return high(p[0]), high(p[1]), nil
}

// high moves a descriptor out of the range that scripts name.
func high(fd int) int {
	if fd >= maxFD {
		return fd
	}
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, maxFD)
	if err != nil {
		return fd
	}
	unix.Close(fd)
	return n
}

func readAll(fd int) []byte {
	var out []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := unix.Read(fd, buf)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return out
		}
		out = append(out, buf[:n]...)
	}
}

func writeFD(fd int, text string) error {
	if fd < 0 {
		return syscall.EBADF
	}
	b := []byte(text)
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
		case err != nil:
			return err
		default:
			b = b[n:]
		}
	}
	return nil
}
