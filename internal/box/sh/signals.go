package sh

import (
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalName gives the short name, "TERM"; a number where there is none.
func SignalName(sig syscall.Signal) string {
	if n := strings.TrimPrefix(unix.SignalName(sig), "SIG"); n != "" {
		return n
	}
	return strconv.Itoa(int(sig))
}

// ParseSignal reads TERM, SIGTERM, term or 15.
func ParseSignal(name string) (syscall.Signal, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return syscall.Signal(n), n >= 0 && n <= 64
	}
	name = strings.ToUpper(name)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	sig := unix.SignalNum(name)
	return sig, sig != 0
}

// arm makes the process treat a signal as the trap of this shell wants it.
func (s *Shell) arm(name string) {
	sig, ok := ParseSignal(name)
	if !ok || sig == 0 || name == "EXIT" {
		return
	}
	action, trapped := s.traps[name]
	if sig == syscall.SIGHUP {
		kids.hangUp.Store(s.interactive && s.pid == 1 && !trapped)
	}
	switch {
	case trapped && action == "":
		signal.Ignore(sig)
	case trapped || s.keepsQuiet(sig):
		kids.start()
		signal.Notify(kids.signals, sig)
	default:
		signal.Reset(sig)
	}
}

// keepsQuiet names the signals that must not end this shell although nobody traps them: those that an
// interactive shell survives, and as PID 1 all of them, for the kernel drops there what has no handler
// (pid_namespaces(7)). They are caught, not ignored, because children inherit what is ignored.
func (s *Shell) keepsQuiet(sig syscall.Signal) bool {
	if sig == syscall.SIGCHLD || sig == syscall.SIGPIPE {
		return false
	}
	if s.pid == 1 && !s.stage {
		switch sig {
		case syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGURG, syscall.SIGPROF:
			return false
		}
		return true
	}
	if s.interactive {
		switch sig {
		case syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT:
			return true
		case syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU:
			return s.tty >= 0
		}
	}
	return false
}

// armAll sets up the signals of a shell that begins.
func (s *Shell) armAll() {
	if !s.interactive && s.pid != 1 {
		return
	}
	for sig := syscall.Signal(1); sig < 32; sig++ {
		if s.keepsQuiet(sig) && !signal.Ignored(sig) {
			s.arm(SignalName(sig))
		}
	}
}

// runTraps runs the actions of signals that have come since.
func (s *Shell) runTraps() {
	if s.inTrap {
		return
	}
	for {
		sig := kids.take()
		if sig == "" {
			return
		}
		action, ok := s.traps[sig]
		if !ok {
			if sig == "INT" && s.prompts {
				s.flow, s.status = flowAbort, 130
			}
			continue
		}
		s.trapAction(action)
	}
}

func (s *Shell) trapAction(action string) {
	status := s.status
	s.inTrap = true
	flow := s.flow
	s.flow = flowNone
	s.runString(action)
	s.inTrap = false
	if s.flow == flowNone {
		s.flow, s.status = flow, status
	}
}

func (s *Shell) exitTrap() {
	if action, ok := s.traps["EXIT"]; ok && action != "" {
		delete(s.traps, "EXIT")
		s.trapAction(action)
	}
}
