package kernel

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Unshare is unshare(2): the calling thread leaves the named namespaces for new ones.
func Unshare(flag uintptr) Op {
	return newOp("unshare", unix.SYS_UNSHARE, flags(flag, cloneFlags))
}

// Setns is setns(2): the calling thread joins the namespace behind fd, or with a pidfd the namespaces
// named by flag of that process.
func Setns(fd Ref, flag uintptr) Op {
	return newOp("setns", unix.SYS_SETNS, ref(fd), flags(flag, cloneFlags))
}

// Sethostname is sethostname(2).
func Sethostname(name string) Op {
	return newOp("sethostname", unix.SYS_SETHOSTNAME, str(name), num(len(name)))
}

// Setdomainname is setdomainname(2): the NIS domain name, not DNS's.
func Setdomainname(name string) Op {
	return newOp("setdomainname", unix.SYS_SETDOMAINNAME, str(name), num(len(name)))
}

// Setsid is setsid(2): a new session without a terminal.
func Setsid() Op { return newOp("setsid", unix.SYS_SETSID) }

// Prctl is prctl(2). name is the option's name, for people.
func Prctl(option int, name string, args ...uintptr) Op {
	list := []Arg{named(uintptr(option), name)}
	for _, a := range args {
		list = append(list, num(int(a)))
	}
	return newOp("prctl", unix.SYS_PRCTL, list...)
}

// Capabilities are the three sets of capset(2), one bit per capability.
type Capabilities struct{ Effective, Permitted, Inheritable uint64 }

// Capset is capset(2) for the calling thread.
func Capset(c Capabilities) Op {
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := &[2]unix.CapUserData{
		{Effective: uint32(c.Effective), Permitted: uint32(c.Permitted), Inheritable: uint32(c.Inheritable)},
		{Effective: uint32(c.Effective >> 32), Permitted: uint32(c.Permitted >> 32), Inheritable: uint32(c.Inheritable >> 32)},
	}
	return newOp("capset", unix.SYS_CAPSET, structArg(unsafe.Pointer(header), "{version 3, self}"),
		structArg(unsafe.Pointer(data), fmt.Sprintf("{effective=%#x, permitted=%#x, inheritable=%#x}",
			c.Effective, c.Permitted, c.Inheritable)))
}

// Setgroups is setgroups(2).
func Setgroups(gids []uint32) Op {
	if len(gids) == 0 {
		return newOp("setgroups", unix.SYS_SETGROUPS, num(0), null())
	}
	list := append([]uint32(nil), gids...)
	return newOp("setgroups", unix.SYS_SETGROUPS, num(len(list)), structArg(unsafe.Pointer(&list[0]), fmt.Sprint(list)))
}

// Setresgid is setresgid(2) with the same id three times.
func Setresgid(gid uint32) Op {
	return newOp("setresgid", unix.SYS_SETRESGID, num(int(gid)), num(int(gid)), num(int(gid)))
}

// Setresuid is setresuid(2) with the same id three times.
func Setresuid(uid uint32) Op {
	return newOp("setresuid", unix.SYS_SETRESUID, num(int(uid)), num(int(uid)), num(int(uid)))
}

// Prlimit is prlimit64(2) for the calling process. name is the resource's name: "RLIMIT_NOFILE".
func Prlimit(resource int, name string, soft, hard uint64) Op {
	limit := &unix.Rlimit{Cur: soft, Max: hard}
	return newOp("prlimit64", unix.SYS_PRLIMIT64, num(0), named(uintptr(resource), name),
		structArg(unsafe.Pointer(limit), "{"+limitText(soft)+", "+limitText(hard)+"}"), null())
}

func limitText(n uint64) string {
	if n == unix.RLIM_INFINITY {
		return "RLIM_INFINITY"
	}
	return fmt.Sprint(n)
}

// Seccomp is seccomp(2) with SECCOMP_SET_MODE_FILTER: from here on program (8 bytes an instruction,
// struct sock_filter) judges every system call of the thread and of what it becomes. Without
// no_new_privs it needs CAP_SYS_ADMIN.
func Seccomp(program []byte, flag uintptr) Op {
	p := append([]byte(nil), program...)
	prog := &unix.SockFprog{Len: uint16(len(p) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(p)))}
	return newOp("seccomp", unix.SYS_SECCOMP, named(unix.SECCOMP_SET_MODE_FILTER, "SECCOMP_SET_MODE_FILTER"),
		num(int(flag)), structArg(unsafe.Pointer(prog), fmt.Sprintf("{%d instructions}", len(p)/8)))
}

// Execve is execve(2). In a forked list it is the end: on success the list is over.
func Execve(path string, argv, env []string) Op {
	return newOp("execve", unix.SYS_EXECVE, str(path), vec(argv), vec(env))
}

// Execveat is execveat(2): runs the file behind fd with AT_EMPTY_PATH.
func Execveat(fd Ref, argv, env []string) Op {
	return newOp("execveat", unix.SYS_EXECVEAT, ref(fd), str(""), vec(argv), vec(env), flags(unix.AT_EMPTY_PATH, atFlags))
}

// PidfdSignal is pidfd_send_signal(2): a signal that cannot reach another process that got the pid since.
func PidfdSignal(pidfd Ref, sig unix.Signal) Op {
	return newOp("pidfd_send_signal", unix.SYS_PIDFD_SEND_SIGNAL, ref(pidfd), named(uintptr(sig), unix.SignalName(sig)), null(), num(0))
}

// meetNr marks an op that is no system call: see [Meet].
const meetNr = ^uintptr(0)

// aliveNr marks an op that is no system call of its own: see [Alive].
const aliveNr = ^uintptr(1)

// Alive ends a forked list when the parent is gone: it writes to the parent's pipe, which then has no reader. After
// PR_SET_PDEATHSIG it closes the gap before that call, in which nobody would have killed the child.
func Alive() Op {
	return newOp("(see that the parent lives)", aliveNr).For("see that lab was not gone already")
}

// DieWithParent has the kernel kill the new process when the thread that forked it ends, however it ends, also when it has
// ended already. It comes after every change of ids and every setns(2), which make the kernel forget it.
//
// Kernel: prctl(2) PR_SET_PDEATHSIG; then [Alive].
func DieWithParent() []Op {
	return []Op{Prctl(unix.PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG", uintptr(unix.SIGKILL)).For("die with the parent"), Alive()}
}

// Meet stops a forked list until the parent has run also, which may read and set the child's slots
// and write its id maps. why names what the child waits for.
func Meet(why string, also func(*Child) error) Op {
	o := newOp("(wait for the parent)", meetNr)
	o.Why, o.Also = why, also
	return o
}
