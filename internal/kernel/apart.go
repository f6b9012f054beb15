package kernel

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Apart calls do on a thread that ends with it, and waits. What do changes of its thread alone (unshare(2), setns(2), a filter) nobody else
// ever sees. That thread is never the process's first: Go cannot end that one, and /proc/PID shows its namespaces as the process's.
func Apart(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock it, so that the thread ends here
		if unix.Gettid() == unix.Getpid() {
			Apart(do) // elsewhere: this thread is held meanwhile
			runtime.UnlockOSThread()
			return
		}
		do()
	}()
	<-done
}
