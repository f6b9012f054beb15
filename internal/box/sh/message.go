package sh

import (
	"fmt"
	"strings"
	"syscall"
)

func (s *Shell) errf(format string, a ...any) {
	line := ""
	if !s.interactive && s.line > 0 && s.name != "sh" && !strings.HasSuffix(s.name, "/sh") {
		line = fmt.Sprintf("line %d: ", s.line)
	}
	s.writeErr(s.name + ": " + line + fmt.Sprintf(format, a...) + "\n")
}

func (s *Shell) writeErr(text string) { writeFD(s.fds[2], text) }

// write is the output of a builtin. A reader that is gone ends a stage of a pipeline, as SIGPIPE would.
func (s *Shell) write(text string) bool {
	err := writeFD(s.fds[1], text)
	if err == nil {
		return true
	}
	if err == syscall.EPIPE && (s.nested || s.stage) {
		s.status, s.flow = 128+int(syscall.SIGPIPE), flowExit
		return false
	}
	s.errf("write error: %s", errText(err))
	s.status = 1
	return false
}

// errText says an errno as the C library does: with a capital, without the call.
func errText(err error) string {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			break
		}
		err = u.Unwrap()
	}
	t := err.Error()
	if t == "" {
		return t
	}
	return strings.ToUpper(t[:1]) + t[1:]
}

func signalText(sig syscall.Signal) string {
	t := sig.String()
	return strings.ToUpper(t[:1]) + t[1:]
}
