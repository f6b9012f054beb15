package ns

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Enter is a program to be run in namespaces that are there already: those of a process, or those kept at files. The
// fields are the options of nsenter(1), and mean the same.
type Enter struct {
	// PID (-t) is the process whose namespaces are joined; 0 where only Files are.
	PID int

	// Kinds are the namespaces of PID to be joined. One that is ours already is passed over.
	Kinds Set

	// All (-a) joins every kind.
	All bool

	// Files are namespaces kept at files (--net=FILE), or links in /proc/PID/ns, by kind.
	Files map[Set]string

	// Root is the new root directory, as seen from outside; TargetRoot (-r) takes that of PID. Without either the root is
	// the top of the joined mount namespace, or the caller's own.
	Root       string
	TargetRoot bool

	// Wd is the working directory, as seen from outside; TargetWd (-w) takes that of PID. Dir is one seen from inside,
	// where it is gone to last.
	Wd       string
	TargetWd bool
	Dir      string

	// NoFork (-F) runs the program as a process that keeps its old PID namespace: only its children are in the new one.
	NoFork bool

	// UID and GID are the ids to take on, as seen inside. Nil means: 0 where a user namespace is joined that maps 0, else
	// what there is. KeepIDs leaves the ids alone in any case.
	UID, GID *uint32
	KeepIDs  bool

	// KillChild makes the kernel send the program SIGKILL when the calling process ends. Call Start from a thread that
	// lives as long as the program should, as with [Unshare.KillChild].
	KillChild bool

	Args []string // program and arguments; without a slash it is looked for along the PATH of Env
	Env  []string // environment; nil is empty

	Stdin, Stdout, Stderr *os.File // nil leaves the caller's
}

// Check says in one sentence what is wrong, before any call is made.
func (e Enter) Check() error {
	switch {
	case len(e.Args) == 0 || e.Args[0] == "":
		return errors.New("enter: no program given")
	case e.PID < 0:
		return fmt.Errorf("enter: %d is no process id", e.PID)
	case e.PID == 0 && (e.Kinds != 0 || e.All || e.TargetRoot || e.TargetWd):
		return errors.New("enter: no process given whose namespaces are to be joined (-t)")
	case e.Kinds&^All != 0:
		return fmt.Errorf("enter: flags %#x are no kind of namespace", uintptr(e.Kinds&^All))
	case e.Root != "" && e.TargetRoot, e.Wd != "" && e.TargetWd:
		return errors.New("enter: give a directory or take the process's, not both")
	}
	for kind := range e.Files {
		if _, err := kind.one(); err != nil {
			return err
		}
	}
	return checkStrings(append([]string{e.Root, e.Wd, e.Dir}, append(e.Args, e.Env...)...))
}

// Start starts the program in the namespaces; the caller waits for it and closes the child.
//
// Kernel: pidfd_open(2), setns(2) once for all kinds of the process (since Linux 5.8) and once for each file, then
// execve(2), all in a clone3(2) child, which has one thread: a process with several may not join a user namespace. A PID
// namespace is for children only; so a thread joins it, which makes the child and then ends.
//
// Needs CAP_SYS_ADMIN over each namespace; the owner of a user namespace has it there. Without CAP_SYS_ADMIN at home
// a PID namespace can be joined with NoFork only: the kernel asks for it where the joining thread is, too.
func (e Enter) Start() (*kernel.Child, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	closeStreams, err := kernel.StreamsApart(&e.Stdin, &e.Stdout, &e.Stderr)
	if err != nil {
		return nil, err
	}
	defer closeStreams()
	w := &way{Enter: e}
	defer w.close()
	if err := w.look(); err != nil {
		return nil, err
	}
	ops := w.ops()
	if w.early == nil {
		return kernel.Fork(kernel.Start{Ops: ops})
	}
	return forkBehind(w.early, kernel.Start{Ops: ops}, e.KillChild)
}

// forkBehind makes early's calls on a thread of its own, forks from there, and lets the thread end: nothing else may run
// on one whose children would be born elsewhere. A child that dies with its parent does so with this very thread, which then
// stays as long as the child.
func forkBehind(early []kernel.Op, start kernel.Start, stay bool) (child *kernel.Child, err error) {
	born := make(chan struct{})
	go kernel.Apart(func() {
		if err = kernel.DoAll(early); err == nil {
			child, err = kernel.Fork(start)
		}
		own := -1
		if stay && err == nil && child.PIDFD >= 0 {
			own, _ = unix.FcntlInt(uintptr(child.PIDFD), unix.F_DUPFD_CLOEXEC, 3) // the caller may close its own
		}
		close(born)
		outlive(own)
	})
	<-born
	if errors.Is(err, unix.EPERM) && os.Geteuid() != 0 {
		err = fmt.Errorf("%w (a user without privileges joins a PID namespace without a fork only)", err)
	}
	return child, err
}

// outlive waits on this thread until the process behind a pidfd has ended, and closes it.
func outlive(pidfd int) {
	if pidfd < 0 {
		return
	}
	defer unix.Close(pidfd)
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, -1)
		if err != unix.EINTR {
			return
		}
	}
}
