package sh

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// exec replaces the shell, execve(2), after putting the table of descriptors in force.
func (s *Shell) exec(args []string) {
	if len(args) > 1 && args[1] == "--" {
		args = append(args[:1:1], args[2:]...)
	}
	if len(args) == 1 {
		return
	}
	path, code, err := s.find(args[1])
	if err == nil && s.nested {
		// A copy of the shell cannot be replaced alone: run the program and end the copy.
		s.program(args[1:], s.environ())
		s.flow = flowExit
		return
	}
	if err == nil {
		err = s.become(path, args[1:])
		code = execCode(err)
		err = fmt.Errorf("%s", errText(err))
	}
	s.failed(code, "exec: %s: %s", args[1], err)
	if !s.interactive {
		s.flow = flowExit
	}
}

// become never returns unless execve(2) fails.
func (s *Shell) become(path string, argv []string) error {
	var tmp [maxFD]int
	for i, fd := range s.fds {
		tmp[i] = -1
		if fd >= 0 && fd != i {
			n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, maxFD)
			if err != nil {
				return err
			}
			tmp[i] = n
		}
	}
	for i, fd := range s.fds {
		switch {
		case fd < 0 && i < 3:
			unix.Close(i)
		case tmp[i] >= 0:
			unix.Dup3(tmp[i], i, 0)
		}
	}
	err := syscall.Exec(path, argv, s.environ())
	if err == syscall.ENOEXEC {
		if self := Self(); self != "" {
			err = syscall.Exec(self, append([]string{"sh", path}, argv[1:]...), s.environ())
		}
	}
	return err
}
