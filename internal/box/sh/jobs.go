package sh

import (
	"fmt"
	"os/signal"
	"runtime"
	"strconv"
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

func signalText(sig syscall.Signal) string {
	t := sig.String()
	return strings.ToUpper(t[:1]) + t[1:]
}

func (s *Shell) park(j *job) {
	if !j.parked {
		j.parked = true
		j.id = 1
		for _, o := range s.jobs {
			j.id = max(j.id, o.id+1)
		}
		s.jobs = append(s.jobs, j)
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

// forgetEnded bounds the list of a script that never waits.
func (s *Shell) forgetEnded() {
	if len(s.jobs) < 256 {
		return
	}
	kids.mu.Lock()
	defer kids.mu.Unlock()
	kept := s.jobs[:0]
	for _, j := range s.jobs {
		if !j.over() {
			kept = append(kept, j)
		}
	}
	s.jobs = kept
}

func (j *job) state() string {
	p := j.last()
	switch {
	case !j.over() && j.halted():
		return "Stopped"
	case !j.over():
		return "Running"
	case p.status.Signaled():
		return signalText(p.status.Signal())
	case p.status.ExitStatus() != 0:
		return "Done(" + strconv.Itoa(p.status.ExitStatus()) + ")"
	}
	return "Done"
}

func (s *Shell) jobLine(i int) string {
	mark := " "
	if i == len(s.jobs)-1 {
		mark = "+"
	} else if i == len(s.jobs)-2 {
		mark = "-"
	}
	j := s.jobs[i]
	return fmt.Sprintf("[%d]%s  %-26s %s\n", j.id, mark, j.state(), j.text)
}

// tellJobs shows before a prompt what ended meanwhile.
func (s *Shell) tellJobs() {
	kids.mu.Lock()
	defer kids.mu.Unlock()
	var kept []*job
	for i, j := range s.jobs {
		if j.over() {
			if s.tty >= 0 {
				s.writeErr(s.jobLine(i))
			}
			continue
		}
		kept = append(kept, j)
	}
	s.jobs = kept
}

// findJob reads %1, %+, %-, %name or a pid.
func (s *Shell) findJob(spec string) *job {
	if spec == "" || spec == "%%" || spec == "%+" || spec == "%" {
		if len(s.jobs) == 0 {
			return nil
		}
		return s.jobs[len(s.jobs)-1]
	}
	if spec == "%-" && len(s.jobs) > 1 {
		return s.jobs[len(s.jobs)-2]
	}
	n, err := strconv.Atoi(strings.TrimPrefix(spec, "%"))
	for _, j := range s.jobs {
		switch {
		case err == nil && spec[0] == '%' && j.id == n:
			return j
		case err == nil && spec[0] != '%' && j.last().pid == n:
			return j
		case err != nil && spec[0] == '%' && strings.HasPrefix(j.text, spec[1:]):
			return j
		}
	}
	return nil
}

func (s *Shell) forget(j *job) {
	for i, o := range s.jobs {
		if o == j {
			s.jobs = append(s.jobs[:i:i], s.jobs[i+1:]...)
			return
		}
	}
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
