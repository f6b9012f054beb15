package sh

import (
	"runtime"

	"golang.org/x/sys/unix"
)

func isTerminal(fd int) bool {
	if fd < 0 {
		return false
	}
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

func noEcho(fd int) (undo func(), err error) {
	old, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	t := *old
	t.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETSF, &t); err != nil {
		return nil, err
	}
	return func() { unix.IoctlSetTermios(fd, unix.TCSETS, old) }, nil
}

// cooked is the terminal as the shell found it.
var cooked *unix.Termios

// restoreTerminal undoes what a program that a signal ended left behind, such as no echo.
func restoreTerminal(fd int) {
	if cooked != nil {
		unix.IoctlSetTermios(fd, unix.TCSETSW, cooked)
	}
}

// takeTerminal turns job control on: the shell becomes a group of its own in the foreground of its
// controlling terminal. It returns -1 where there is none, as in a container without -t.
func (s *Shell) takeTerminal() {
	fd := s.fds[0]
	if !isTerminal(fd) {
		return
	}
	tty, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, maxFD)
	if err != nil {
		return
	}
	cooked, _ = unix.IoctlGetTermios(tty, unix.TCGETS)
	if _, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP); err != nil {
		unix.Close(tty)
		return
	}
	group := unix.Getpgrp()
	if group != s.pid {
		if unix.Setpgid(0, 0) == nil {
			group = s.pid
		}
	}
	setForeground(tty, group)
	s.tty, s.group = tty, group
	s.on['m'] = true
}

// setForeground is tcsetpgrp(3). The caller may be in the background itself, so SIGTTOU is
// blocked on this thread for the call.
func setForeground(tty, group int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var set, old unix.Sigset_t
	set.Val[0] = 1 << (uint(unix.SIGTTOU) - 1)
	unix.PthreadSigmask(unix.SIG_BLOCK, &set, &old)
	unix.IoctlSetPointerInt(tty, unix.TIOCSPGRP, group)
	unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
}
