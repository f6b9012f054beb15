package container

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Beside is a process between lab and a container that outlives the lab that started it. It is the parent of the container's
// first process: it makes it, waits until lab is content, and executes a program that stays.
type Beside struct {
	// Streams become the container's standard streams; -1 leaves them to the container, which reads /dev/null or has a terminal.
	Streams [3]int

	// Program is executed in the end, with Env as its environment; or Else, where the kernel refuses Program.
	Program string
	Else    string // "": nothing else
	Args    []string
	Env     []string

	// Keep are descriptors of lab by the numbers under which the program finds them, from 3 to Last. Lab's own numbers are above
	// those. In the places between that nothing is kept for, it finds /dev/null: no descriptor that it opens itself gets there.
	Keep map[int]int
	Last int

	// ProcessAt and TerminalAt are the numbers under which the program finds a pidfd of the container's first process, and
	// the master side of its terminal where it has one.
	ProcessAt, TerminalAt int

	// Lab is a pidfd of lab itself: from there the process takes the terminal, which the container has handed to lab.
	Lab int
}

// unexecutable is how execve(2) refuses a program that has gone, may not be executed or is a directory, is no program or only the
// beginning of one, or is one that somebody is just writing.
var unexecutable = []syscall.Errno{unix.ENOENT, unix.EACCES, unix.EPERM, unix.ENOEXEC, unix.EIO, unix.ETXTBSY}

// masterSlot holds the terminal's number in lab.
const masterSlot kernel.Slot = 242

// between lists the calls of the process beside the container.
func (b *builder) between() *kernel.Parent {
	s := b.c.Beside
	if s == nil {
		return nil
	}
	p := &kernel.Parent{PIDFD: b.slot()}
	p.Ops = append(p.Ops, kernel.Setsid().For("leave lab's session, and stay when it ends"))
	for i, fd := range s.Streams {
		if fd >= 0 {
			p.Ops = append(p.Ops, kernel.Dup3(kernel.FD(fd), i).For("give the container one end of a pipe as its "+[...]string{"standard input", "standard output", "standard error"}[i]))
		}
	}
	then := func(why string, ops ...kernel.Op) {
		for _, op := range ops {
			p.Then = append(p.Then, op.For(why))
		}
	}
	above := s.Last + 1 // not in the way of those that the program is to find
	process := b.slot()
	then("hold the container's first process", kernel.DupAbove(p.PIDFD.Ref(), above).Into(process))
	master := b.slot()
	if b.spec.Process.Terminal {
		mine := b.slot()
		then("take the terminal from lab", kernel.PidfdGetfd(kernel.FD(s.Lab), masterSlot.Ref()).Into(mine), kernel.DupAbove(mine.Ref(), above).Into(master))
	}
	opened, null := b.slot(), b.slot()
	then("let go of the container's streams", kernel.Open("/dev/null", unix.O_RDWR, 0).Into(opened),
		kernel.DupAbove(opened.Ref(), above).Into(null),
		kernel.Dup3(null.Ref(), 0), kernel.Dup3(null.Ref(), 1), kernel.Dup3(null.Ref(), 2))
	for at := 3; at <= s.Last; at++ {
		why, from := "keep what the monitor needs", null.Ref()
		fd, kept := s.Keep[at]
		switch {
		case kept:
			from = kernel.FD(fd)
		case at == s.ProcessAt:
			from = process.Ref()
		case at == s.TerminalAt && b.spec.Process.Terminal:
			from = master.Ref()
		default:
			why = "leave no place for another descriptor"
		}
		then(why, kernel.Dup3(from, at))
	}
	then("let go of everything else of lab's", kernel.CloseRange(s.Last+1, 0))
	become := kernel.Execve(s.Program, s.Args, s.Env)
	if s.Else != "" {
		then("become the container's monitor", become.Ignoring(unexecutable...))
		become = kernel.Execve(s.Else, s.Args, s.Env)
	}
	then("become the container's monitor", become)
	return p
}
