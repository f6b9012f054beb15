package kernel

import (
	"sync/atomic"
	"syscall"
	"time"
)

// Watcher sees every op of this process and of the children that it forks.
type Watcher interface {
	// Before is called before the n-th op. An error ends the run: the person at the terminal gave up.
	Before(n int, op *Op) error
	// After is called with the result.
	After(n int, op *Op, r Result)
	// Steps says whether Before wants to be asked for the ops of a forked child too, which costs a
	// round trip each.
	Steps() bool
}

// Result is what became of an op.
type Result struct {
	Value int64         // what the call returned
	Errno syscall.Errno // 0 on success
	Took  time.Duration // in the kernel, measured by the process that made the call
	Child bool          // made in a forked child
}

var watching atomic.Pointer[Watcher]

// Watch makes w see every op from now on; nil ends it.
func Watch(w Watcher) {
	if w == nil {
		watching.Store(nil)
		return
	}
	watching.Store(&w)
}

func watcher() Watcher {
	if w := watching.Load(); w != nil {
		return *w
	}
	return nil
}

func before(n int, op *Op) error {
	dieAt(n)
	if w := watcher(); w != nil {
		return w.Before(n, op)
	}
	return nil
}

func after(n int, op *Op, r Result) {
	if w := watcher(); w != nil {
		w.After(n, op, r)
	}
}
