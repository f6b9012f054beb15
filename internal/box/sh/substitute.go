package sh

import (
	"strings"

	"golang.org/x/sys/unix"
)

// subshell runs ( … ) on a copy of the state, in this process. Where it sets limits it is a process of
// its own, for a hard limit that was lowered can not be put back without CAP_SYS_RESOURCE.
func (s *Shell) subshell(n *subshell) {
	c := s.copy()
	if n.apart {
		c.tty = s.tty
		if p := c.startStage(n.ref, 0); p != nil {
			s.foreground(s.newJob([]*process{p}, n.text))
		} else {
			s.status = c.status
		}
		return
	}
	c.run(n.n)
	if c.flow == flowAbort {
		s.flow = flowAbort
	}
	c.leave(s)
	s.status = c.status
}

// substitute runs $( … ) and returns its output without the last newlines.
func (s *Shell) substitute(body node) string {
	r, w, err := pipe()
	if err != nil {
		panic(&expansionError{"pipe: " + errText(err)})
	}
	out := make(chan []byte)
	go func() {
		b := readAll(r)
		unix.Close(r)
		out <- b
	}()
	c := s.copy()
	c.fds[1] = w
	c.noErrexit = 0
	func() {
		defer unix.Close(w)
		c.run(body)
		c.leave(s)
	}()
	if c.flow == flowAbort {
		s.flow = flowAbort
	}
	s.subst = c.status
	b := <-out
	text := strings.ReplaceAll(string(b), "\x00", "")
	return strings.TrimRight(text, "\n")
}
