package kernel

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Start says what process [Fork] makes.
type Start struct {
	Flags  uint64 // CLONE_NEW* namespaces that the child is born in
	Cgroup int    // descriptor of a cgroup v2 directory that the child is born in (CLONE_INTO_CGROUP); 0: the parent's
	Ops    []Op   // what the child does; the last one is an execve
	Shut   []int  // descriptors that the child closes before all else, such as one whose lock says that this process lives

	Parent *Parent // a process between the caller and the child; nil: the caller is the child's parent
}

// Child is a process made by [Fork].
type Child struct {
	PID   int // in this process's PID namespace
	PIDFD int // close it with Close

	// ParentPID is the process between, where there is one.
	ParentPID int

	page    *page
	between bool // the child is not this process's own
	release int  // to the process between; 0: there is none
}

// Fork makes a child with clone3(2) that walks s.Ops with raw system calls. It returns when the child
// has executed its program, or with the [*Error] of the first op that failed; then the child is gone and
// waited for. A child that something kills on the way is an *Error with its Signal.
//
// The child is killed when the calling thread ends if its list says so (PR_SET_PDEATHSIG): then call Fork from
// a thread that lives as long as the process, such as main's.
//
// With s.Parent the child is made by a process between, which goes on when [Child.Release] is called.
//
// Kernel: clone3(2) since 5.3, pidfd_open(2), pipe(2). Errors of clone3 itself are an *Error of "clone3".
func Fork(s Start) (*Child, error) {
	ops := s.list()
	first := int(made.Add(int64(len(ops)+1))) - len(ops) + 1 // the number of the list's first op; clone3 has the one before
	f := &forking{ops: ops, first: first}
	if dryRun.Load() {
		return f.showList(s)
	}
	if err := f.prepare(s); err != nil {
		return nil, err
	}
	defer f.free()
	child, err := f.clone(s)
	if err != nil {
		return nil, err
	}
	if err := f.attend(child); err != nil {
		return nil, err
	}
	return child, nil
}

// forking is one Fork in progress.
type forking struct {
	ops     []Op
	first   int
	raw     []rawOp
	page    *page
	mem     []byte
	report  [2]int // child → parent: one byte an event, end of file when the child has executed or died
	proceed [2]int // parent → child: one byte lets it go on
	release [2]int // caller → process between: one byte lets it execute its program
	then    []rawOp
	traced  bool
	shown   int // how many ops of the child the watcher has seen
}

// prepare compiles the list and makes the shared page and the pipes.
func (f *forking) prepare(s Start) error {
	w := watcher()
	f.traced = w != nil
	step := w != nil && w.Steps()
	meets := step
	f.raw = make([]rawOp, len(f.ops))
	for i := range f.ops {
		f.raw[i] = f.ops[i].compile()
		n := f.first + i
		if injected := faultAt(n); injected != 0 {
			f.raw[i].fault = uint16(injected)
		}
		f.raw[i].stop = step || (fault.Kill != "" && fault.N == n)
		meets = meets || f.raw[i].stop || f.raw[i].nr == meetNr
	}
	mem, err := unix.Mmap(-1, 0, pageSize(len(f.ops)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("map the page shared with the child: %w", err)
	}
	f.mem, f.page = mem, (*page)(unsafe.Pointer(&mem[0]))
	f.report, f.proceed, f.release = [2]int{-1, -1}, [2]int{-1, -1}, [2]int{-1, -1}
	if err := f.pipe(&f.report); err != nil {
		f.free()
		return fmt.Errorf("make the child's report pipe: %w", err)
	}
	if meets {
		if err := f.pipe(&f.proceed); err != nil {
			f.free()
			return fmt.Errorf("make the child's go-on pipe: %w", err)
		}
	}
	if s.Parent == nil {
		return nil
	}
	if err := f.pipe(&f.release); err != nil {
		f.free()
		return fmt.Errorf("make the release pipe: %w", err)
	}
	f.then = make([]rawOp, len(s.Parent.Then))
	for i := range s.Parent.Then {
		f.then[i] = s.Parent.Then[i].compile()
		f.then[i].fault = max(f.then[i].fault, uint16(faultAt(int(made.Add(1)))))
	}
	return nil
}

// free gives back what the fork needed. The end of the release pipe that the child's handle has taken is gone from here.
func (f *forking) free() {
	for _, fd := range []*int{&f.report[0], &f.report[1], &f.proceed[0], &f.proceed[1], &f.release[0], &f.release[1]} {
		closeEnd(fd)
	}
	if f.mem != nil {
		_ = unix.Munmap(f.mem)
		f.mem, f.page = nil, nil
	}
}

// clone makes the child. The two lines around clone3 that matter: no signal handler may run in the child, and no
// other goroutine may be between making a descriptor and marking it close-on-exec.
func (f *forking) clone(s Start) (*Child, error) {
	op := firstClone(s)
	n := f.first - 1
	if err := before(n, &op); err != nil {
		return nil, err
	}
	args := &cloneArgs{
		flags:      unix.CLONE_PIDFD,
		pidfd:      uint64(uintptr(unsafe.Pointer(&f.page.pidfd))),
		exitSignal: uint64(unix.SIGCHLD),
	}
	walk := &walk{
		ops: unsafe.Pointer(unsafe.SliceData(f.raw)), count: len(f.raw), page: f.page,
		report: f.report[1], proceed: f.proceed[0], traced: f.traced,
	}
	if s.Parent != nil {
		walk.branch = f.branch(s)
	} else {
		args.flags |= s.Flags
		walk.shut = append(walk.shut, s.Shut...)
		if s.Cgroup != 0 {
			args.flags |= unix.CLONE_INTO_CGROUP
			args.cgroup = uint64(s.Cgroup)
		}
	}
	start := monotonic()
	errno := faultAt(n)
	pid := 0
	if errno == 0 {
		ends.Lock()
		walk.shut = ends.except(walk.shut, f.report[1], f.proceed[0], f.release[0])
		syscall.ForkLock.Lock()
		pid, errno = cloneAndWalk(args, walk)
		syscall.ForkLock.Unlock()
		ends.Unlock()
	}
	runtime.KeepAlive(f)
	runtime.KeepAlive(s)
	after(n, &op, Result{Value: int64(pid), Errno: errno, Took: monotonic() - start})
	if errno != 0 {
		return nil, &Error{Op: op, N: n, Errno: errno}
	}
	closeEnd(&f.report[1])
	closeEnd(&f.proceed[0])
	if s.Parent == nil {
		return &Child{PID: pid, PIDFD: int(f.page.pidfd), page: f.page}, nil
	}
	_ = unix.Close(int(f.page.pidfd)) // of the process between, which is waited for by its pid or not at all
	closeEnd(&f.release[0])
	c := &Child{ParentPID: pid, PIDFD: -1, page: f.page, between: true, release: f.release[1]}
	f.release[1] = -1 // the child's handle has it now
	return c, nil
}

// firstClone is the clone3 that Fork itself makes.
func firstClone(s Start) Op {
	if s.Parent != nil {
		return cloneOp(0, 0).For("make a process that stays beside the container")
	}
	return cloneOp(s.Flags, s.Cgroup)
}

// cloneOp is clone3 as people see it.
func cloneOp(namespaces uint64, cgroup int) Op {
	flag := uintptr(namespaces) | unix.CLONE_PIDFD
	if cgroup != 0 {
		flag |= unix.CLONE_INTO_CGROUP
	}
	op := newOp("clone3", unix.SYS_CLONE3, flags(flag, cloneFlags), named(uintptr(unix.SIGCHLD), "SIGCHLD"))
	op = op.For("make the process")
	if options := namespaceOptions(uintptr(namespaces)); options != "" {
		op = op.AsShell("unshare " + options)
	}
	return op
}

// showList shows the ops of a dry run.
func (f *forking) showList(s Start) (*Child, error) {
	op := firstClone(s)
	after(f.first-1, &op, Result{})
	for i := range f.ops {
		after(f.first+i, &f.ops[i], Result{Child: true})
	}
	if s.Parent != nil {
		for i := range s.Parent.Then {
			after(int(made.Add(1)), &s.Parent.Then[i], Result{Child: true})
		}
	}
	return &Child{PIDFD: -1}, nil
}

// Slot returns what slot s holds. Valid inside a [Meet] only.
func (c *Child) Slot(s Slot) int { return int(c.page.slots[s]) }

// SetSlot fills slot s for the child's next ops. Valid inside a [Meet] only.
func (c *Child) SetSlot(s Slot, value int) { c.page.slots[s] = int64(value) }

// Wait returns the child's wait status and resource usage when it has ended. Call it once. The end of a child that has a process
// between is that one's to see: then Wait is for the process between.
func (c *Child) Wait() (unix.WaitStatus, unix.Rusage, error) {
	var status unix.WaitStatus
	var usage unix.Rusage
	pid := c.PID
	if c.between {
		pid = c.ParentPID
	}
	for {
		_, err := unix.Wait4(pid, &status, 0, &usage)
		if err == unix.EINTR {
			continue
		}
		return status, usage, err
	}
}

// Signal sends sig to the child; a child that has ended already is no error.
func (c *Child) Signal(sig unix.Signal) error {
	err := unix.PidfdSendSignal(c.PIDFD, sig, nil, 0)
	if err == unix.ESRCH {
		return nil
	}
	return err
}

// Close closes the pidfd. The child lives on, but one that has a process between and was not released is killed.
func (c *Child) Close() error {
	c.giveUp()
	if c.PIDFD < 0 {
		return nil
	}
	fd := c.PIDFD
	c.PIDFD = -1
	return unix.Close(fd)
}
