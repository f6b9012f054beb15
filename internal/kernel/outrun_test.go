package kernel_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// A rename anywhere on the machine makes openat2 of a path with ".." in a root say EAGAIN. That is no answer, so it is asked
// again, here and in the child.
func TestOpenAt2IsAskedAgain(t *testing.T) {
	a := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(a, nil, 0o600))
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Rename(a, a+"b")
				_ = os.Rename(a+"b", a)
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-ended })

	const root kernel.Slot = 1
	how := unix.OpenHow{Flags: unix.O_PATH, Resolve: unix.RESOLVE_IN_ROOT}
	up := strings.Repeat("../", 100)
	ops := []kernel.Op{
		kernel.Open("/", unix.O_PATH|unix.O_DIRECTORY, 0).Into(root),
	}
	for range 20 {
		ops = append(ops, kernel.OpenAt2(root.Ref(), up, how))
	}
	dir, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(dir)
	plain := 0 // how often it is said to somebody who does not ask again
	for range 500 {
		fd, err := unix.Openat2(dir, up, &how)
		if err == unix.EAGAIN {
			plain++
			continue
		}
		require.NoError(t, err)
		require.NoError(t, unix.Close(fd))
		fd, err = kernel.Do(kernel.OpenAt2(kernel.FD(dir), up, how))
		require.NoError(t, err)
		require.NoError(t, unix.Close(fd))
	}
	t.Logf("EAGAIN %d times of 500", plain)
	for range 20 {
		assert.Equal(t, 0, run(t, kernel.Start{Ops: append(ops[:len(ops):len(ops)], trueOps()...)}).ExitStatus())
	}
}
