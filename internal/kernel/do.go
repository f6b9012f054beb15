package kernel

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Do makes the call now, on the calling thread, and returns its result. Calls that change the thread
// (unshare, setns, chroot …) belong on a locked thread that is thrown away after: Go moves goroutines
// between threads. The error is an [*Error].
func Do(op Op) (int, error) {
	var slots [maxSlots]int64
	return do(&op, &slots)
}

// DoAll makes the calls in order and stops at the first that fails; the descriptors that are open in slots then are
// closed. The slots are the list's own: a list that succeeds closes what it opened.
func DoAll(ops []Op) error {
	var slots [maxSlots]int64
	for i := range ops {
		if _, err := do(&ops[i], &slots); err != nil {
			closeOpen(ops[:i], &slots)
			return err
		}
	}
	return nil
}

// closeOpen closes the descriptors that the ops opened and did not close.
func closeOpen(ops []Op, slots *[maxSlots]int64) {
	open := map[Slot]bool{}
	for i := range ops {
		if ops[i].Out != 0 {
			open[ops[i].Out] = true
		}
		if ops[i].Call == "close" {
			delete(open, ops[i].Args[0].slot)
		}
	}
	for s := range open {
		_ = syscall.Close(int(slots[s]))
	}
}

// made counts the ops of this process, so that a listing and the test door number them alike.
var made atomic.Int64

func do(op *Op, slots *[maxSlots]int64) (int, error) {
	n := int(made.Add(1))
	if err := before(n, op); err != nil {
		return -1, err
	}
	start := time.Now()
	value, errno := op.call(n, slots)
	after(n, op, Result{Value: int64(value), Errno: errno, Took: time.Since(start)})
	if errno != 0 && !op.ignores(errno) {
		return -1, &Error{Op: *op, N: n, Errno: errno}
	}
	if errno == 0 && op.Out != 0 {
		slots[op.Out] = int64(value)
	}
	return value, nil
}

func (o *Op) call(n int, slots *[maxSlots]int64) (int, syscall.Errno) {
	if fault := faultAt(n); fault != 0 {
		return -1, fault
	}
	if dryRun.Load() || o.nr >= cloneNr {
		return 0, 0
	}
	raw := o.compile()
	if raw.fault != 0 {
		return -1, syscall.Errno(raw.fault)
	}
	for i, s := range raw.slots {
		if s != 0 {
			raw.args[i] = uintptr(slots[s])
		}
	}
	for try := 0; ; try++ {
		value, _, errno := syscall.Syscall6(raw.nr, raw.args[0], raw.args[1], raw.args[2], raw.args[3], raw.args[4], raw.args[5])
		if errno == syscall.EINTR && o.Call != "close" {
			continue
		}
		if errno == syscall.EAGAIN && raw.nr == unix.SYS_OPENAT2 && try < outrun {
			continue
		}
		runtime.KeepAlive(o.Args)
		return int(value), errno
	}
}

// outrun is how often openat2 is asked again. A path with ".." that may not leave its root is walked anew wherever on the
// machine something was renamed or mounted meanwhile (EAGAIN, see openat2(2)); somebody hostile may go on renaming for ever.
const outrun = 1000

func (o *Op) ignores(errno syscall.Errno) bool {
	for _, e := range o.Ignore {
		if e == errno {
			return true
		}
	}
	return false
}

// dryRun makes every Do a success that does nothing.
var dryRun atomic.Bool

// DryRun lists ops to the watcher instead of making them: every call "succeeds" with result 0. Fork
// starts no process. It is for `lab run --dry-run`, which exits after.
func DryRun() { dryRun.Store(true) }
