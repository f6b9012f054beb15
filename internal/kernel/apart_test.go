package kernel

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// However many there are, none is on the first thread, and no two that run at once are on the same.
func TestApart(t *testing.T) {
	var all sync.WaitGroup
	var mu sync.Mutex
	running := map[int]bool{}
	for range 200 {
		all.Go(func() {
			Apart(func() {
				tid := unix.Gettid()
				assert.NotEqual(t, unix.Getpid(), tid)
				mu.Lock()
				assert.False(t, running[tid])
				running[tid] = true
				mu.Unlock()
				defer func() { mu.Lock(); delete(running, tid); mu.Unlock() }()
				_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
			})
		})
	}
	all.Wait()
}
