package sh

import (
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// job is a pipeline or a background command.
type job struct {
	id     int
	group  int
	procs  []*process
	text   string
	parked bool // stopped, or put in the background
}

func (s *Shell) newJob(procs []*process, text string) *job {
	return &job{procs: procs, group: procs[0].pid, text: strings.TrimSpace(text)}
}

// over and halted are asked with the lock of kids held.
func (j *job) over() bool {
	for _, p := range j.procs {
		if !p.ended {
			return false
		}
	}
	return true
}

func (j *job) halted() bool {
	stopped := false
	for _, p := range j.procs {
		if !p.ended && !p.stopped {
			return false
		}
		stopped = stopped || p.stopped
	}
	return stopped
}

func (j *job) last() *process { return j.procs[len(j.procs)-1] }

// foreground gives a job the terminal, waits for it, and takes the terminal back.
func (s *Shell) foreground(j *job) {
	if s.tty >= 0 && j.group > 0 {
		setForeground(s.tty, j.group)
	}
	for range 100 {
		kids.wait(false, func() bool { return j.over() || s.tty >= 0 && j.halted() })
		// It may have asked for the terminal before it had it.
		if s.tty < 0 || !kids.ask(j.early) {
			break
		}
		j.resume()
	}
	if s.tty >= 0 {
		setForeground(s.tty, s.group)
	}
	kids.ask(func() bool { s.status = j.last().exitCode(); return true })
	if !kids.ask(j.over) {
		s.park(j)
		s.writeErr(fmt.Sprintf("\n[%d]+  Stopped                    %s\n", j.id, j.text))
		return
	}
	s.sayDeath(j)
}

// early tells that a process stopped because it used the terminal from the background.
func (j *job) early() bool {
	for _, p := range j.procs {
		if p.stopped && (p.status.StopSignal() == syscall.SIGTTIN || p.status.StopSignal() == syscall.SIGTTOU) {
			return true
		}
	}
	return false
}

func (j *job) resume() {
	kids.mu.Lock()
	for _, p := range j.procs {
		p.stopped = false
	}
	kids.mu.Unlock()
	unix.Kill(-j.group, unix.SIGCONT)
}

// sayDeath tells of a job that a signal ended, and leaves the commands after it at Ctrl-C.
func (s *Shell) sayDeath(j *job) {
	p := j.last()
	if !p.status.Signaled() {
		return
	}
	switch sig := p.status.Signal(); {
	case sig == syscall.SIGINT:
		if s.prompts {
			s.writeErr("\n")
			s.flow = flowAbort
		}
	case sig == syscall.SIGPIPE:
	default:
		core := ""
		if p.status.CoreDump() {
			core = " (core dumped)"
		}
		s.writeErr(signalText(sig) + core + "\n")
	}
	if s.interactive && s.tty >= 0 {
		restoreTerminal(s.tty)
	}
}

// background starts "cmd &".
func (s *Shell) background(r ref) {
	c := s.copy()
	c.tty = s.tty
	if s.tty < 0 {
		// Without job control a background command must not read what the shell reads.
		if fd, err := c.open("/dev/null", unix.O_RDONLY); err == nil {
			c.fds[0] = fd
			defer unix.Close(fd)
		}
		// Nor may Ctrl-C reach it; what is ignored at the fork stays so after execve(2).
		signal.Ignore(syscall.SIGINT, syscall.SIGQUIT)
		defer func() { s.arm("INT"); s.arm("QUIT") }()
	}
	p := c.startStage(r, 0)
	s.status = 0
	if p == nil {
		p = &process{ended: true, status: unix.WaitStatus(c.status << 8)}
	}
	s.lastBackground = p.pid
	j := s.newJob([]*process{p}, r.text)
	s.forgetEnded()
	s.park(j)
	if s.interactive && s.tty >= 0 {
		s.writeErr(fmt.Sprintf("[%d] %d\n", j.id, p.pid))
	}
}
