package sh

import (
	"errors"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// program runs a program in the foreground.
func (s *Shell) program(args, env []string) {
	if p := s.startProgram(args, env, 0); p != nil {
		s.foreground(s.newJob([]*process{p}, strings.Join(args, " ")))
	}
}

// startProgram forks and executes; nil, with s.status set, if that is not possible.
func (s *Shell) startProgram(args, env []string, group int) *process {
	path, code, err := s.find(args[0])
	if err != nil {
		s.errf("%s: %s", args[0], err)
		s.status = code
		return nil
	}
	p, err := kids.fork(path, args, env, s.fds[:], s.attr(group))
	if errors.Is(err, syscall.ENOEXEC) {
		// A script without #! is run by this shell, see execvp(3).
		if self := Self(); self != "" {
			p, err = kids.fork(self, append([]string{"sh", path}, args[1:]...), env, s.fds[:], s.attr(group))
		}
	}
	if err != nil {
		s.errf("%s: %s", args[0], errText(err))
		s.status = execCode(err)
		return nil
	}
	return p
}

func (s *Shell) attr(group int) *syscall.SysProcAttr {
	if s.tty < 0 {
		return nil
	}
	return &syscall.SysProcAttr{Setpgid: true, Pgid: group}
}

func (s *Shell) pipeline(n *pipeline) {
	var before unix.Rusage
	start := time.Now()
	if n.timed {
		unix.Getrusage(unix.RUSAGE_CHILDREN, &before)
	}
	if n.not {
		s.noErrexit++
	}
	if len(n.stages) == 1 {
		s.run(n.stages[0].n)
	} else {
		s.connect(n)
	}
	if n.not {
		s.noErrexit--
		if s.flow == flowNone {
			if s.status == 0 {
				s.status = 1
			} else {
				s.status = 0
			}
		}
	} else if len(n.stages) > 1 {
		s.errexit()
	}
	if n.timed {
		s.timed(start, before)
	}
}

// connect starts all stages with pipes between them. Without job control the last stage that is no
// program runs in the shell itself, which saves a process; with it all are one process group.
func (s *Shell) connect(n *pipeline) {
	own := -1
	for i, st := range n.stages {
		if s.tty < 0 && !s.isProgram(st.n) {
			own = i
		}
	}
	var procs []*process
	var ownShell *Shell
	var ownFDs []int
	in, group := -1, 0
	for i, st := range n.stages {
		c := s.copy()
		c.tty, c.noErrexit = s.tty, 0
		var toClose []int
		if in >= 0 {
			c.fds[0] = in
			toClose = append(toClose, in)
		}
		if i < len(n.stages)-1 {
			r, w, err := pipe()
			if err != nil {
				s.errf("pipe: %s", errText(err))
				s.status = 2
				break
			}
			in = r
			c.fds[1] = w
			toClose = append(toClose, w)
		}
		if i == own {
			ownShell, ownFDs = c, toClose
			procs = append(procs, &process{ended: true})
			continue
		}
		p := c.startStage(st, group)
		if p == nil {
			p = &process{ended: true, status: unix.WaitStatus(c.status << 8)}
		} else if group == 0 {
			group = p.pid
		}
		procs = append(procs, p)
		for _, fd := range toClose {
			unix.Close(fd)
		}
	}
	if ownShell != nil {
		ownShell.tty = -1
		ownShell.run(n.stages[own].n)
		ownShell.leave(s)
		for _, fd := range ownFDs {
			unix.Close(fd)
		}
		procs[own].status = unix.WaitStatus(ownShell.status << 8)
		if ownShell.flow == flowAbort {
			s.flow = flowAbort
		}
	}
	var text []string
	for _, st := range n.stages {
		text = append(text, st.text)
	}
	j := s.newJob(procs, strings.Join(text, " | "))
	j.group = group
	s.foreground(j)
	if s.opt('P') && s.status == 0 {
		for _, p := range procs {
			if c := p.exitCode(); c != 0 {
				s.status = c
			}
		}
	}
}

// isProgram tells, without expanding anything, that a command is certainly a program.
func (s *Shell) isProgram(n node) bool {
	c, ok := n.(*simple)
	if !ok || len(c.words) == 0 || len(c.words[0]) != 1 || c.words[0][0].kind != literal {
		return false
	}
	name := c.words[0][0].text
	if strings.ContainsAny(name, "*?[~") {
		return false
	}
	_, fn := s.funcs[name]
	return !fn && findBuiltin(name) == nil
}

// startStage starts a part of a command as a process of its own; s is a copy made for it.
func (s *Shell) startStage(st ref, group int) (p *process) {
	if !s.isProgram(st.n) {
		p, err := s.forkSelf(st, group)
		if err != nil {
			s.errf("%s", err)
			s.status = 2
		}
		return p
	}
	n := st.n.(*simple)
	s.guard(func() {
		s.line = n.line
		args := s.fields(n.words)
		if s.opt('x') {
			s.trace(n, args)
		}
		saved := s.fds
		opened, ok := s.redirect(n.redirs)
		if ok {
			env := s.environ()
			for _, a := range n.assigns {
				env = setEnv(env, a.name, s.value(a.value))
			}
			p = s.startProgram(args, env, group)
		}
		s.unredirect(saved, opened)
	})
	return p
}
