package kernel

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Parent is a process between the caller of [Fork] and the child: it makes the child, waits until the caller is content
// ([Child.Release]), and then executes a program of its own. The child's end is its to wait for, and the caller may end before.
//
// When the caller gives up, or dies, before it is content, the parent kills the child, waits for it and ends.
type Parent struct {
	Ops  []Op // first: its session, the descriptors that the child inherits
	Then []Op // after Release; the last one is an execve

	// PIDFD, not zero, is the slot in which Then finds a pidfd of the child.
	PIDFD Slot
}

// cloneNr marks the op in a forked list at which the list's process makes the child, and is its parent from then on.
const cloneNr = ^uintptr(2)

// list is all that is walked: with a parent its ops, the clone, and the child's.
func (s Start) list() []Op {
	if s.Parent == nil {
		return s.Ops
	}
	clone := cloneOp(s.Flags, s.Cgroup).For("make the container's first process")
	clone.nr, clone.Out = cloneNr, s.Parent.PIDFD
	list := make([]Op, 0, len(s.Parent.Ops)+1+len(s.Ops))
	return append(append(append(list, s.Parent.Ops...), clone), s.Ops...)
}

// branch is all that the process between needs, made ahead as everything that walks a list.
type branch struct {
	args    cloneArgs
	then    unsafe.Pointer // of count rawOps
	count   int
	out     uint8 // the slot for the pidfd
	release int   // one byte comes here; end of file says that the caller gave up
	shut    []int // what the child closes at once
}

func (f *forking) branch(s Start) *branch {
	args := cloneArgs{
		flags: s.Flags | unix.CLONE_PIDFD | unix.CLONE_PARENT_SETTID, exitSignal: uint64(unix.SIGCHLD),
		pidfd:     uint64(uintptr(unsafe.Pointer(&f.page.childFD))),
		parentTID: uint64(uintptr(unsafe.Pointer(&f.page.child))), // written before the child runs: its first event finds it
	}
	if s.Cgroup != 0 {
		args.flags |= unix.CLONE_INTO_CGROUP
		args.cgroup = uint64(s.Cgroup)
	}
	return &branch{
		args: args, then: unsafe.Pointer(unsafe.SliceData(f.then)), count: len(f.then), out: uint8(s.Parent.PIDFD),
		release: f.release[0], shut: append([]int{f.release[0]}, s.Shut...),
	}
}

// meetChild fills in who the child is, once the process between has made it.
func (c *Child) meetChild() {
	if !c.between || c.PID != 0 || c.page == nil || c.page.child == 0 {
		return
	}
	c.PID = int(c.page.child)
	if fd, err := unix.PidfdOpen(c.PID, 0); err == nil { // even if it has ended: nobody waits for it before the release
		c.PIDFD = fd
	}
}

// Release lets the process between go on to its own program. From then on the child is no longer the caller's concern; where it
// fails it still is: Close, and Wait for the process between. The test door counts it as one more call.
func (c *Child) Release() error {
	if c.release <= 0 {
		return nil
	}
	n := int(made.Add(1))
	dieAt(n)
	if errno := faultAt(n); errno != 0 {
		return errno
	}
	_, err := unix.Write(c.release, []byte{1})
	return err
}

// Settled waits after Release until the process between has executed its program, or has ended: what it takes from the
// caller, it has taken by then.
func (c *Child) Settled() {
	p := []unix.PollFd{{Fd: int32(c.release)}} // POLLERR, when nobody can read from the pipe any more
	for c.release > 0 {
		if _, err := unix.Poll(p, -1); err != unix.EINTR {
			return
		}
	}
}

// giveUp closes the release pipe. A process between that has not been released ends then, and the child with it.
func (c *Child) giveUp() {
	if c.release > 0 {
		closeEnd(&c.release)
	}
}

// What follows runs like walkList, in a process with a dead Go runtime.

// cloneChild returns the child's pid in the parent, and 0 in the child.
//
//go:nosplit
//go:norace
//go:nocheckptr
func cloneChild(w *walk) (uintptr, syscall.Errno) {
	b := w.branch
	pid, _, errno := syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&b.args)), unsafe.Sizeof(b.args), 0)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	for _, fd := range b.shut {
		if fd >= 0 {
			syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
		}
	}
	return 0, 0
}

// becomeParent never returns.

//go:nosplit
//go:norace
//go:nocheckptr
func becomeParent(w *walk, pid uintptr) {
	b := w.branch
	if b.out != 0 {
		w.page.slots[b.out] = int64(w.page.childFD)
	}
	syscall.RawSyscall(unix.SYS_CLOSE, uintptr(w.report), 0, 0) // its end says how the child fares
	if w.proceed >= 0 {
		syscall.RawSyscall(unix.SYS_CLOSE, uintptr(w.proceed), 0, 0)
	}
	if released(b.release) {
		walkThen(w)
	}
	syscall.RawSyscall(unix.SYS_KILL, pid, uintptr(unix.SIGKILL), 0) // nobody has waited for it, so the pid is its own
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_WAIT4, pid, uintptr(unsafe.Pointer(&w.page.status)), 0, 0, 0, 0)
		if errno != unix.EINTR {
			break
		}
	}
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
	}
}

//go:nosplit
//go:norace
//go:nocheckptr
func released(pipe int) bool {
	var b byte
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(pipe), uintptr(unsafe.Pointer(&b)), 1)
		if errno != unix.EINTR {
			return errno == 0 && n == 1
		}
	}
}

// walkThen returns only where a call failed.
//
//go:nosplit
//go:norace
//go:nocheckptr
func walkThen(w *walk) {
	for i := 0; i < w.branch.count; i++ {
		op := (*rawOp)(unsafe.Add(w.branch.then, uintptr(i)*unsafe.Sizeof(rawOp{})))
		value, errno := makeCall(w, op)
		if errno != 0 && !tolerated(op, errno) {
			return
		}
		if errno == 0 && op.out != 0 {
			w.page.slots[op.out] = int64(value)
		}
	}
}
