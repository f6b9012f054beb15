package kernel_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Several containers with a process between, started at once: each child is held in a meeting until all are there, so that every
// process inherits what it can. Then half of the callers give up, and half go on; nobody may wait for another.
func TestForksAtOnceDoNotHoldEachOther(t *testing.T) {
	rounds, at := 60, 8
	if testing.Short() {
		rounds = 10
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for round := range rounds {
			var there, all sync.WaitGroup
			there.Add(at)
			for i := range at {
				all.Go(func() { forkAmongOthers(t, (round+i)%4, &there) })
			}
			all.Wait()
		}
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		require.Fail(t, "a fork waits for another one")
	}
	_, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
	assert.Equal(t, unix.ECHILD, err, "nobody is left")
}

// forkAmongOthers forks, and ends in one of four ways.
func forkAmongOthers(t *testing.T, way int, there *sync.WaitGroup) {
	const refuse, fail, giveUp = 0, 1, 2
	program := "/bin/true"
	if way == fail {
		program = "/proc/nonexistent"
	}
	c, err := kernel.Fork(kernel.Start{
		Ops: []kernel.Op{
			kernel.Meet("wait for the others", func(*kernel.Child) error {
				there.Done()
				there.Wait()
				if way == refuse {
					return unix.ECANCELED
				}
				return nil
			}),
			kernel.Execve(program, []string{"true"}, nil),
		},
		Parent: &kernel.Parent{Then: []kernel.Op{kernel.Execve("/bin/true", []string{"true"}, nil)}},
	})
	switch way {
	case refuse:
		assert.ErrorIs(t, err, unix.ECANCELED)
		return
	case fail:
		assert.ErrorIs(t, err, unix.ENOENT)
		return
	}
	if !assert.NoError(t, err) {
		return
	}
	if way == giveUp {
		assert.NoError(t, c.Close())
	} else {
		assert.NoError(t, c.Release())
		c.Settled()
	}
	_, _, err = c.Wait()
	assert.NoError(t, err)
	assert.NoError(t, c.Close())
}
