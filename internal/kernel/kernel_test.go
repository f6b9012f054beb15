package kernel_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

const allNamespaces = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET

func trueOps() []kernel.Op { return []kernel.Op{kernel.Execve("/bin/true", []string{"true"}, nil)} }

func run(t testing.TB, s kernel.Start) unix.WaitStatus {
	t.Helper()
	child, err := kernel.Fork(s)
	require.NoError(t, err)
	status, _, err := child.Wait()
	require.NoError(t, err)
	require.NoError(t, child.Close())
	return status
}

func TestForkExecutes(t *testing.T) {
	assert.Equal(t, 0, run(t, kernel.Start{Ops: trueOps()}).ExitStatus())
	shell := kernel.Execve("/bin/sh", []string{"sh", "-c", "exit 7"}, os.Environ())
	assert.Equal(t, 7, run(t, kernel.Start{Ops: []kernel.Op{shell}}).ExitStatus())
}

func TestForkReportsTheOpThatFailed(t *testing.T) {
	_, err := kernel.Fork(kernel.Start{Ops: []kernel.Op{
		kernel.Umask(0o22),
		kernel.Chdir("/nowhere/at/all").For("go to the working directory"),
		kernel.Execve("/bin/true", []string{"true"}, nil),
	}})
	var failed *kernel.Error
	require.ErrorAs(t, err, &failed)
	assert.ErrorIs(t, err, unix.ENOENT)
	assert.Equal(t, "chdir", failed.Op.Call)
	assert.EqualError(t, err, "go to the working directory: no such file or directory")
}

func TestStringsWithANulAreRefused(t *testing.T) {
	_, err := kernel.Do(kernel.Chdir("/\x00/nowhere"))
	assert.ErrorIs(t, err, unix.EINVAL)
	_, err = kernel.Fork(kernel.Start{Ops: []kernel.Op{kernel.Execve("/bin/true", []string{"true", "a\x00b"}, nil)}})
	assert.ErrorIs(t, err, unix.EINVAL)
}

func TestSlotsCarryDescriptors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	const fd kernel.Slot = 3
	ops := []kernel.Op{
		kernel.Open(file, unix.O_CREAT|unix.O_WRONLY, 0o600).Into(fd),
		kernel.Write(fd.Ref(), "written by the child\n"),
		kernel.Dup3(fd.Ref(), 1),
		kernel.Close(fd.Ref()),
		kernel.Execve("/bin/echo", []string{"echo", "and by echo"}, nil),
	}
	run(t, kernel.Start{Ops: ops})
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "written by the child\nand by echo\n", string(data))
}

func TestMeetLetsTheParentFillASlot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(file)
	require.NoError(t, err)
	defer f.Close()
	met := false
	ops := []kernel.Op{
		kernel.Meet("wait for a descriptor", func(c *kernel.Child) error { met = true; c.SetSlot(1, int(f.Fd())); return nil }),
		kernel.Write(kernel.Slot(1).Ref(), "x"),
		kernel.Execve("/bin/true", []string{"true"}, nil),
	}
	run(t, kernel.Start{Ops: ops})
	assert.True(t, met)
	data, _ := os.ReadFile(file)
	assert.Equal(t, "x", string(data))
}

func TestMeetThatFailsEndsTheChild(t *testing.T) {
	boom := errors.New("boom")
	_, err := kernel.Fork(kernel.Start{Ops: append([]kernel.Op{
		kernel.Meet("meet", func(*kernel.Child) error { return boom })}, trueOps()...)})
	assert.ErrorIs(t, err, boom)
}

func TestChildKilledHalfWay(t *testing.T) {
	_, err := kernel.Fork(kernel.Start{Ops: append([]kernel.Op{
		kernel.Meet("meet", func(c *kernel.Child) error { return c.Signal(unix.SIGKILL) })}, trueOps()...)})
	var failed *kernel.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, syscall.SIGKILL, failed.Signal)
	assert.Equal(t, 0, int(failed.Errno))
}

func TestSearchPrefersPermissionDenied(t *testing.T) {
	file := filepath.Join(t.TempDir(), "noexec")
	require.NoError(t, os.WriteFile(file, []byte("data"), 0o600))
	try := func(path string) kernel.Op {
		return kernel.Execve(path, []string{"x"}, nil).Ignoring(unix.ENOENT, unix.EACCES)
	}
	_, err := kernel.Fork(kernel.Start{Ops: []kernel.Op{try(file), kernel.Execve("/nowhere", []string{"x"}, nil)}})
	assert.ErrorIs(t, err, unix.EACCES)
	_, err = kernel.Fork(kernel.Start{Ops: []kernel.Op{try("/nowhere/a"), kernel.Execve("/nowhere/b", []string{"x"}, nil)}})
	assert.ErrorIs(t, err, unix.ENOENT)
}

func TestSearchEndsAtTheFirstHit(t *testing.T) {
	child, err := kernel.Fork(kernel.Start{Ops: kernel.Exec([]string{"sh", "-c", "exit 9"}, []string{"PATH=/nowhere:/bin:/nowhere/else"})})
	require.NoError(t, err)
	status, _, err := child.Wait()
	require.NoError(t, err)
	assert.Equal(t, 9, status.ExitStatus())
	require.NoError(t, child.Close())
}

// Thousands of forks from several threads while the garbage collector runs all the time: a child that allocated, locked or
// moved its stack would crash or hang here. `go test -race` runs it with the race detector.
func TestForkStress(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	n := 2000
	if testing.Short() {
		n = 200
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range n / 4 {
				deep(60) // the stack that it grew is taken back by the collector: what points into it goes astray
				child, err := kernel.Fork(kernel.Start{Ops: trueOps()})
				if !assert.NoError(t, err) {
					return
				}
				status, _, err := child.Wait()
				assert.NoError(t, err)
				assert.Equal(t, 0, status.ExitStatus())
				_ = child.Close()
			}
		})
	}
	wg.Wait()
}

func deep(n int) byte {
	var room [1 << 10]byte
	if n > 0 {
		room[n] = deep(n - 1)
	}
	return room[n]
}

func BenchmarkForkTrue(b *testing.B) {
	for name, flags := range map[string]uint64{"0 namespaces": 0, "5 namespaces": allNamespaces} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run(b, kernel.Start{Flags: flags, Ops: trueOps()})
			}
		})
	}
}
