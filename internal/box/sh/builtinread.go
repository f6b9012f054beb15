package sh

import (
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// read reads a line byte by byte, so that nothing is taken from the commands that read after it.
func (s *Shell) read(args []string) {
	raw, silent := false, false
	prompt, limit, timeout := "", -1, time.Duration(-1)
	args = args[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && args[0] != "--" {
		a := args[0]
		args = args[1:]
		for i := 1; i < len(a); i++ {
			switch c := a[i]; c {
			case 'r':
				raw = true
			case 's':
				silent = true
			case 'p', 'n', 't':
				v := a[i+1:]
				if v == "" && len(args) > 0 {
					v, args = args[0], args[1:]
				}
				i = len(a)
				n, err := strconv.ParseFloat(v, 64)
				switch {
				case c == 'p':
					prompt = v
				case err != nil || n < 0:
					s.failed(2, "read: Illegal number: %s", v)
					return
				case c == 'n':
					limit = int(n)
				default:
					timeout = time.Duration(n * float64(time.Second))
				}
			default:
				s.failed(2, "read: illegal option -%c", c)
				return
			}
		}
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	for _, name := range args {
		if !validName(name) {
			s.failed(2, "read: %s: bad variable name", name)
			return
		}
	}
	if prompt != "" && isTerminal(s.fds[0]) {
		s.writeErr(prompt)
	}
	if silent && isTerminal(s.fds[0]) {
		if undo, err := noEcho(s.fds[0]); err == nil {
			defer undo()
		}
	}
	text, quoted, ok := s.readLine(raw, limit, timeout)
	if len(args) == 0 {
		s.mustSet("REPLY", string(text))
	} else {
		s.splitRead(args, text, quoted)
	}
	s.status = 0
	if !ok {
		s.status = 1
	}
}

// readLine gives the bytes of a line and which of them a backslash protected; ok is false at the end of input.
func (s *Shell) readLine(raw bool, limit int, timeout time.Duration) (text []byte, quoted []bool, ok bool) {
	deadline := time.Now().Add(timeout)
	for limit < 0 || len(text) < limit {
		c, got := s.readByte(timeout >= 0, deadline)
		if !got {
			return text, quoted, false
		}
		q := false
		if c == '\\' && !raw {
			if c, got = s.readByte(timeout >= 0, deadline); !got {
				return text, quoted, false
			}
			if c == '\n' {
				continue
			}
			q = true
		} else if c == '\n' {
			return text, quoted, true
		}
		if c != 0 {
			text, quoted = append(text, c), append(quoted, q)
		}
	}
	return text, quoted, true
}

// readByte wakes up at least ten times a second to see whether a signal has come.
func (s *Shell) readByte(timed bool, deadline time.Time) (byte, bool) {
	fd := s.fds[0]
	if fd < 0 {
		return 0, false
	}
	for {
		wait := 100
		if timed {
			wait = min(wait, int(time.Until(deadline).Milliseconds())+1)
			if wait <= 0 {
				return 0, false
			}
		}
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p, wait)
		if n == 0 || err == syscall.EINTR {
			s.runTraps()
			if s.flow != flowNone || timed && time.Now().After(deadline) {
				return 0, false
			}
			continue
		}
		var b [1]byte
		n, err = unix.Read(fd, b[:])
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		return b[0], n == 1
	}
}

// splitRead gives each variable one field and the last the rest.
func (s *Shell) splitRead(names []string, text []byte, quoted []bool) {
	ifs := s.ifs()
	isWS := func(i int) bool {
		return !quoted[i] && strings.IndexByte(" \t\n", text[i]) >= 0 && strings.IndexByte(ifs, text[i]) >= 0
	}
	isSep := func(i int) bool { return !quoted[i] && strings.IndexByte(ifs, text[i]) >= 0 }
	i := 0
	skip := func() {
		for i < len(text) && isWS(i) {
			i++
		}
	}
	skip()
	for k, name := range names {
		start := i
		if k == len(names)-1 {
			end := len(text)
			for end > start && isWS(end-1) {
				end--
			}
			// One field that ends in a single delimiter loses it.
			if end > start && isSep(end-1) {
				only := true
				for j := start; j < end-1; j++ {
					only = only && !isSep(j)
				}
				if only {
					end--
				}
			}
			s.mustSet(name, string(text[start:end]))
			return
		}
		for i < len(text) && !isSep(i) {
			i++
		}
		s.mustSet(name, string(text[start:i]))
		skip()
		if i < len(text) && isSep(i) && !isWS(i) {
			i++
			skip()
		}
	}
}
