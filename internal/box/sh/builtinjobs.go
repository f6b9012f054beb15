package sh

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func (s *Shell) listJobs(args []string) {
	pids := len(args) > 1 && args[1] == "-p"
	kids.start()
	kids.mu.Lock()
	defer kids.mu.Unlock()
	var kept []*job
	for i, j := range s.jobs {
		if pids {
			s.write(strconv.Itoa(j.group) + "\n")
		} else {
			s.write(s.jobLine(i))
		}
		if !j.over() || s.tty < 0 {
			kept = append(kept, j)
		}
	}
	s.jobs = kept
}

// moveJob is fg and bg.
func (s *Shell) moveJob(args []string) {
	if s.tty < 0 {
		s.failed(1, "%s: no job control", args[0])
		return
	}
	spec := ""
	if len(args) > 1 {
		if spec = args[1]; isDigit(spec[0]) {
			spec = "%" + spec
		}
	}
	j := s.findJob(spec)
	if j == nil {
		s.failed(1, "%s: %s: no such job", args[0], spec)
		return
	}
	if args[0] == "bg" {
		s.writeErr(fmt.Sprintf("[%d] %s\n", j.id, j.text))
		j.resume()
		return
	}
	s.writeErr(j.text + "\n")
	setForeground(s.tty, j.group)
	j.resume()
	s.foreground(j)
	if kids.ask(j.over) {
		s.forget(j)
	}
}

// wait waits for background jobs; a trapped signal ends it with 128 and the signal's number.
func (s *Shell) wait(args []string) {
	s.status = 0
	if len(args) == 1 {
		for _, j := range append([]*job(nil), s.jobs...) {
			if kids.ask(j.halted) {
				continue
			}
			if !s.waitFor(j) {
				return
			}
			s.forget(j)
		}
		s.status = 0
		return
	}
	for _, a := range args[1:] {
		if a == "-n" {
			continue
		}
		j := s.findJob(a)
		if j == nil {
			s.status = 127
			continue
		}
		if !s.waitFor(j) {
			return
		}
		s.status = j.last().exitCode()
		s.forget(j)
	}
}

func (s *Shell) waitFor(j *job) bool {
	kids.wait(true, j.over)
	if kids.ask(j.over) {
		return true
	}
	kids.mu.Lock()
	if len(kids.pending) > 0 {
		sig, _ := ParseSignal(kids.pending[0])
		s.status = 128 + int(sig)
	}
	kids.mu.Unlock()
	return false
}

// ask evaluates a question about processes under the lock.
func (k *children) ask(f func() bool) bool {
	k.start()
	k.mu.Lock()
	defer k.mu.Unlock()
	return f()
}

// kill sends signals to pids and jobs.
func (s *Shell) kill(args []string) {
	sig, rest, list, err := KillArgs(args[1:])
	switch {
	case err != nil:
		s.failed(2, "kill: %s", err)
		return
	case list != "":
		s.write(list)
		return
	}
	for _, a := range rest {
		pid, err := strconv.Atoi(a)
		if strings.HasPrefix(a, "%") {
			j := s.findJob(a)
			if j == nil {
				s.failed(1, "kill: %s: no such job", a)
				continue
			}
			pid, err = j.last().pid, nil
			if s.tty >= 0 {
				pid = -j.group
			}
			if sig == syscall.SIGTERM || sig == syscall.SIGHUP {
				defer unix.Kill(pid, unix.SIGCONT) // a stopped job must be able to die
			}
		}
		if err != nil {
			s.failed(2, "kill: Illegal number: %s", a)
			continue
		}
		if err := unix.Kill(pid, sig); err != nil {
			s.failed(1, "kill: can't kill pid %d: %s", pid, errText(err))
		} else if pid == s.pid && s.traps[SignalName(sig)] != "" {
			s.awaitSignal()
		}
	}
}

// awaitSignal lets a signal that the shell sent itself arrive before the next command.
func (s *Shell) awaitSignal() {
	timer := time.AfterFunc(time.Second, func() {
		kids.mu.Lock()
		kids.cond.Broadcast()
		kids.mu.Unlock()
	})
	defer timer.Stop()
	end := time.Now().Add(time.Second)
	kids.wait(true, func() bool { return time.Now().After(end) })
}

// KillArgs reads the arguments of kill(1): -9, -KILL, -s KILL, -l. list is the text of kill -l.
func KillArgs(args []string) (sig syscall.Signal, rest []string, list string, err error) {
	sig = syscall.SIGTERM
	if len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		name := args[0][1:]
		args = args[1:]
		switch name {
		case "-":
			return sig, args, "", nil
		case "l", "L":
			list, err = translateSignals(args)
			return sig, nil, list, err
		case "s", "n":
			if len(args) == 0 {
				return 0, nil, "", fmt.Errorf("option requires an argument: %s", name)
			}
			name, args = args[0], args[1:]
		}
		var ok bool
		if sig, ok = ParseSignal(name); !ok {
			return 0, nil, "", fmt.Errorf("bad signal name '%s'", name)
		}
		if len(args) > 0 && args[0] == "--" {
			args = args[1:]
		}
	}
	if len(args) == 0 {
		return 0, nil, "", fmt.Errorf("you need to specify whom to kill")
	}
	return sig, args, "", nil
}

// translateSignals is kill -l: the table of signals, or names for numbers and numbers for names.
func translateSignals(args []string) (string, error) {
	if len(args) == 0 {
		return SignalList(), nil
	}
	var b strings.Builder
	for _, a := range args {
		sig, ok := ParseSignal(a)
		if n, err := strconv.Atoi(a); err == nil && n > 128 { // an exit status
			sig, ok = syscall.Signal(n-128), n <= 128+64
		}
		switch {
		case !ok:
			return "", fmt.Errorf("bad signal name '%s'", a)
		case isDigit(a[0]):
			b.WriteString(SignalName(sig) + "\n")
		default:
			b.WriteString(strconv.Itoa(int(sig)) + "\n")
		}
	}
	return b.String(), nil
}

// SignalList is the output of kill -l.
func SignalList() string {
	var b strings.Builder
	for i := 1; i < 32; i++ {
		fmt.Fprintf(&b, "%2d) %s\n", i, SignalName(syscall.Signal(i)))
	}
	return b.String()
}
