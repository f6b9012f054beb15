package container

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

// Exec is one more process for a container that runs. It gets what the first one has: its namespaces, its groups, its seccomp
// filter, and the capabilities that Process names.
type Exec struct {
	PID        int // the container's first process, as the host counts
	PIDFD      int // and a descriptor of it, which cannot become another's
	Namespaces uint64

	Process     *specs.Process // see [ExecProcess]
	Cgroup      *cgroup.Group  // the container's, as it is: [cgroup.Machine.Open]
	Filter      []byte
	FilterFlags uintptr

	// Null is a descriptor of the container's /dev/null, see [OpenNull]. It is standard input without Stdin, and all three
	// streams when the process is Detached.
	Null     int
	Stdin    bool
	Detached bool

	// Attached makes the kernel kill the process when the calling thread ends.
	Attached bool

	// Terminal receives the master side of the process's terminal, before the program starts. It is called when
	// Process.Terminal is set and owns the descriptor.
	Terminal func(master int) error
}

// ErrEnded is returned where the container's first process has ended: nobody can enter its namespaces any more.
var ErrEnded = errors.New("the container has ended")

// Plan lists the calls of the new process; it makes none. The process is born in the container's PID namespace, where hostile
// processes see it at once. So the first thing is that it lets no other process of its user look into it (PR_SET_DUMPABLE in
// prctl(2), ptrace(2)): until it executes its program it is a copy of lab, with lab's files open. Only one with CAP_SYS_PTRACE,
// which a container does not have by default, still can.
func (e *Exec) Plan() ([]kernel.Op, error) {
	b := &builder{
		c:    &Container{Attached: e.Attached, Terminal: e.Terminal, Filter: e.Filter, FilterFlags: e.FilterFlags, Cgroup: e.Cgroup},
		spec: &specs.Spec{Process: e.Process, Linux: &specs.Linux{}},
	}
	b.add(kernel.Prctl(unix.PR_SET_DUMPABLE, "PR_SET_DUMPABLE", 0).For("let no process of the container look into this one"))
	b.dieWithLab()
	b.session()
	b.joinCgroup()
	b.oomScore()
	e.enter(b)
	e.streams(b)
	b.rlimits()
	b.enterWorkingDirectory()
	b.becomeUser()
	b.execute()
	return b.ops, b.err
}

// enter joins all namespaces of the container at once (setns(2) with a pidfd, since Linux 5.8), and with them its root
// directory. In a user namespace the process is nobody until it says who it is.
func (e *Exec) enter(b *builder) {
	if rest := e.Namespaces &^ unix.CLONE_NEWPID; rest != 0 {
		b.add(kernel.Setns(kernel.FD(e.PIDFD), uintptr(rest)).For("join the container's namespaces").
			AsShell(fmt.Sprintf("nsenter --target %d --all", e.PID)))
	}
	if e.Namespaces&unix.CLONE_NEWUSER != 0 {
		b.add(
			kernel.Setgroups(nil).For("forget the host's groups"),
			kernel.Setresgid(0).For("become the namespace's root"),
			kernel.Setresuid(0).For("become the namespace's root"),
		)
		b.dieWithLab()
	}
}

// streams gives the process its terminal, or nothing to read.
func (e *Exec) streams(b *builder) {
	switch {
	case e.Process.Terminal:
		b.openTerminal()
	case e.Detached:
		for fd := 0; fd <= 2; fd++ {
			b.add(kernel.Dup3(kernel.FD(e.Null), fd).For("have nobody to talk to"))
		}
	case !e.Stdin:
		b.add(kernel.Dup3(kernel.FD(e.Null), 0).For("read nothing from standard input"))
	}
}

// Start makes the process and returns when it has executed its program. Call it on a thread that is locked and lives as long as
// the process should.
//
// The calling thread joins the container's PID namespace for the moment of the fork, for its children only
// (pid_namespaces(7)), and then its own again.
//
// In place of its execves the list gets one of a very small program that makes them: see exec_tramp.go.
//
// Kernel: setns(2), clone3(2), memfd_create(2), execveat(2), and what Plan lists. Errors: [ErrEnded].
func (e *Exec) Start(ops []kernel.Op) (*kernel.Child, error) {
	before, execves, err := splitExecves(ops)
	if err != nil {
		return nil, err
	}
	j, err := newJump()
	if err != nil {
		return nil, err
	}
	defer j.close()
	start := kernel.Start{Ops: slices.Concat(before, j.ops(execves, e.Process.Args, e.Process.Env))}
	for try := 0; ; try++ {
		child, err := e.fork(start, try)
		if try == 0 && errors.Is(err, errBusyGroup) {
			continue
		}
		if err == nil && child.PIDFD >= 0 {
			err = j.wait(child, execves)
		}
		if err != nil {
			return nil, e.explain(err)
		}
		return child, nil
	}
}

// errBusyGroup says that the container's v2 group passes controllers down to groups that the container made in it: then the kernel
// lets no process into it, see cgroup.InternalProcesses.
var errBusyGroup = errors.New("the container's own group takes no process")

func (e *Exec) fork(start kernel.Start, try int) (*kernel.Child, error) {
	group, err := e.openGroup(try)
	if err != nil {
		return nil, err
	}
	if group > 0 {
		defer unix.Close(group)
		start.Cgroup = group
		start.Shut = append(slices.Clone(start.Shut), group)
	}
	if e.Namespaces&unix.CLONE_NEWPID == 0 {
		return e.clone(start, try)
	}
	own, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return nil, fmt.Errorf("open lab's own process: %w", err)
	}
	defer unix.Close(own)
	join := kernel.Setns(kernel.FD(e.PIDFD), unix.CLONE_NEWPID).For("have the next child born in the container's PID namespace")
	if _, err := kernel.Do(join); err != nil {
		return nil, err
	}
	child, err := e.clone(start, try)
	back := kernel.Setns(kernel.FD(own), unix.CLONE_NEWPID).For("and those after it in lab's own")
	if _, failed := kernel.Do(back); failed != nil && err == nil {
		_ = child.Signal(unix.SIGKILL)
		_, _, _ = child.Wait()
		_ = child.Close()
		return nil, failed
	}
	return child, err
}

func (e *Exec) clone(start kernel.Start, try int) (*kernel.Child, error) {
	child, err := kernel.Fork(start)
	var failed *kernel.Error
	if try == 0 && start.Cgroup != 0 && errors.As(err, &failed) && failed.Op.Call == "clone3" && failed.Errno == unix.EBUSY {
		return nil, errBusyGroup
	}
	return child, err
}

// openGroup opens the v2 group for CLONE_INTO_CGROUP: the container's own or, at the second try, that of its first process. 0: there
// is no v2 tree.
func (e *Exec) openGroup(try int) (int, error) {
	if e.Cgroup == nil || e.Cgroup.Dir() == "" {
		return 0, nil
	}
	dir := e.Cgroup.Dir()
	if try > 0 {
		below, err := belowGroup(e.PID, dir)
		if err != nil {
			return 0, err
		}
		dir = below
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return 0, ErrEnded
	}
	if err != nil {
		return 0, fmt.Errorf("open the container's group %s: %w", dir, err)
	}
	return fd, nil
}

// explain turns the ways in which the kernel says that the container is gone into one: its processes have ended (ESRCH), its PID
// namespace takes no more (ENOMEM), its groups were removed, or the new process was killed with all others.
func (e *Exec) explain(err error) error {
	var failed *kernel.Error
	if err == nil || !errors.As(err, &failed) {
		return err
	}
	if failed.Errno != unix.ESRCH && failed.Errno != unix.ENOMEM && failed.Errno != unix.ENOENT && failed.Errno != unix.ENODEV && failed.Signal != unix.SIGKILL {
		return cgroup.Explain(err)
	}
	if !running(e.PIDFD) {
		return ErrEnded
	}
	return cgroup.Explain(err)
}

// running asks a pidfd: it can be read from when its process has ended (pidfd_open(2)).
func running(pidfd int) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 0)
		if err != unix.EINTR {
			return err == nil && n == 0
		}
	}
}
