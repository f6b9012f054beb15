package kernel

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What follows runs in a process that has one thread and a dead Go runtime. The rules are those of the
// standard library's forkAndExecInChild1: allocate nothing, lock nothing, call nothing that may grow the stack (hence
// nosplit), and let no race detector or pointer check get a word in.

// The runtime's three fork hooks. The runtime keeps them open to linkname (go.dev/issue/67401): they block signals around
// the fork, forbid stack growth, and reset signal handlers in the child.
//
//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

// cloneArgs is struct clone_args of clone3(2), as of Linux 5.7.
type cloneArgs struct {
	flags, pidfd, childTID, parentTID, exitSignal uint64
	stack, stackSize, tls, setTID, setTIDSize     uint64
	cgroup                                        uint64
}

// walk is all that the child knows.
type walk struct {
	ops             unsafe.Pointer // of count rawOps
	count           int
	page            *page
	report, proceed int
	shut            []int // to be closed first: the ends of pipes that are not the child's, its parent's locks
	traced          bool
	branch          *branch // where this process is to make the child and stay its parent
}

// page is the memory that parent and child share: where the child is, what went wrong, what calls returned.
type page struct {
	at      int32 // index of the op in progress
	failed  int32 // errno of the op that ended the list
	pidfd   int32 // written by clone3 in the parent: here, because this memory is mapped and never moves
	child   int32 // with a process between: the child's pid, written by the kernel before it runs
	childFD int32 // and its pidfd, in the process between
	status  int32 // wait status of a child that was given up
	slots   [maxSlots]int64
}

// callResult is what one op of the child returned. The results follow the page's header.
type callResult struct {
	value      int64
	errno      int64
	start, end int64 // CLOCK_MONOTONIC in ns; 0 when nobody watches
}

func pageSize(ops int) int {
	return int(unsafe.Sizeof(page{})) + ops*int(unsafe.Sizeof(callResult{}))
}

//go:nosplit
//go:norace
//go:nocheckptr
func (p *page) results(i int) *callResult {
	return (*callResult)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(page{})+uintptr(i)*unsafe.Sizeof(callResult{})))
}

// cloneAndWalk returns in the parent only.
//
//go:noinline
//go:norace
//go:nocheckptr
func cloneAndWalk(args *cloneArgs, w *walk) (pid int, errno syscall.Errno) {
	beforeFork()
	r, _, e := syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(args)), unsafe.Sizeof(*args), 0)
	if e != 0 || r != 0 {
		afterFork()
		return int(r), e
	}
	afterForkInChild()
	if child := walkList(w); child != 0 {
		becomeParent(w, child)
	}
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}

// walkList makes the calls in order. It returns when one failed; after a successful execve nobody is left to return. Where it makes
// a process on the way, it goes on in that one, and returns its pid in this one.
//
//go:nosplit
//go:norace
//go:nocheckptr
func walkList(w *walk) (child uintptr) {
	for _, fd := range w.shut {
		if fd >= 0 {
			syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
		}
	}
	for i := 0; i < w.count; i++ {
		op := (*rawOp)(unsafe.Add(w.ops, uintptr(i)*unsafe.Sizeof(rawOp{})))
		w.page.at = int32(i)
		if op.stop && !ask(w, eventStop) {
			return 0
		}
		result := w.page.results(i)
		if w.traced {
			result.start = now()
		}
		value, errno := uintptr(0), syscall.Errno(op.fault)
		if op.nr != cloneNr {
			value, errno = makeCall(w, op)
		} else if errno == 0 {
			if child, errno = cloneChild(w); child != 0 {
				return child
			}
		}
		if w.traced {
			result.end = now()
		}
		result.value, result.errno = int64(value), int64(errno)
		if errno != 0 && !tolerated(op, errno) {
			w.page.failed = int32(errno)
			return 0
		}
		if errno == 0 && op.out != 0 && op.nr != cloneNr {
			w.page.slots[op.out] = int64(value)
		}
		if w.traced {
			tell(w, eventDone)
		}
	}
	return 0
}

//go:nosplit
//go:norace
//go:nocheckptr
func makeCall(w *walk, op *rawOp) (uintptr, syscall.Errno) {
	if op.fault != 0 {
		return 0, syscall.Errno(op.fault)
	}
	if op.nr == meetNr {
		if !ask(w, eventMeet) {
			return 0, unix.ECANCELED
		}
		return 0, 0
	}
	if op.nr == aliveNr {
		if !tell(w, eventAlive) {
			return 0, unix.ECANCELED
		}
		return 0, 0
	}
	args := op.args
	for i := range args {
		if s := op.slots[i]; s != 0 {
			args[i] = uintptr(w.page.slots[s])
		}
	}
	for try := 0; ; try++ {
		value, _, errno := syscall.RawSyscall6(op.nr, args[0], args[1], args[2], args[3], args[4], args[5])
		if errno == unix.EINTR && op.nr != unix.SYS_CLOSE {
			continue
		}
		if errno == unix.EAGAIN && op.nr == unix.SYS_OPENAT2 && try < outrun {
			continue
		}
		return value, errno
	}
}

//go:nosplit
//go:norace
//go:nocheckptr
func tolerated(op *rawOp, errno syscall.Errno) bool {
	for i := range op.ignore {
		if op.ignore[i] == uint16(errno) {
			return true
		}
	}
	return false
}

// ask tells the parent and waits for its answer; false when the parent is gone or gave up.
//
//go:nosplit
//go:norace
//go:nocheckptr
func ask(w *walk, event byte) bool {
	if !tell(w, event) {
		return false
	}
	var b byte
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(w.proceed), uintptr(unsafe.Pointer(&b)), 1)
		if errno == unix.EINTR {
			continue
		}
		return errno == 0 && n == 1
	}
}

//go:nosplit
//go:norace
//go:nocheckptr
func tell(w *walk, event byte) bool {
	b := event
	n, _, _ := syscall.RawSyscall(unix.SYS_WRITE, uintptr(w.report), uintptr(unsafe.Pointer(&b)), 1)
	return n == 1
}

// now reads CLOCK_MONOTONIC in nanoseconds.
//
//go:nosplit
//go:norace
//go:nocheckptr
func now() int64 {
	var t unix.Timespec
	syscall.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&t)), 0)
	return int64(t.Sec)*1e9 + int64(t.Nsec)
}

func monotonic() time.Duration { return time.Duration(now()) }
