package kernel_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

const parentSlot kernel.Slot = 9

// beside runs child in a process that has another between it and this one, which then executes then.
func beside(t *testing.T, child, then string) (*kernel.Child, *os.File, error) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	t.Cleanup(func() { _ = r.Close() })
	c, err := kernel.Fork(kernel.Start{
		Ops: []kernel.Op{kernel.Execve("/bin/sh", []string{"sh", "-c", child}, nil)},
		Parent: &kernel.Parent{
			Ops:   []kernel.Op{kernel.Setsid(), kernel.Dup3(kernel.FD(int(w.Fd())), 1)},
			Then:  []kernel.Op{kernel.Dup3(parentSlot.Ref(), 33), kernel.Execve("/bin/sh", []string{"sh", "-c", then}, nil)},
			PIDFD: parentSlot,
		},
	})
	return c, r, err
}

func readAll(t *testing.T, f *os.File) string {
	t.Helper()
	require.NoError(t, f.SetReadDeadline(time.Now().Add(20*time.Second)))
	var all strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := f.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			return all.String()
		}
	}
}

func TestParentWaitsForTheChildItself(t *testing.T) {
	c, out, err := beside(t, "echo child $PPID; exit 7", "test -e /proc/self/fd/33 && echo pidfd; echo parent $$")
	require.NoError(t, err)
	assert.NotZero(t, c.PID)
	assert.NotEqual(t, c.PID, c.ParentPID)
	line := make([]byte, 64)
	n, err := out.Read(line)
	require.NoError(t, err)
	assert.Equal(t, "child "+strconv.Itoa(c.ParentPID)+"\n", string(line[:n]), "its parent is the process between")
	require.NoError(t, c.Release())
	text := readAll(t, out)
	assert.Contains(t, text, "pidfd\nparent "+strconv.Itoa(c.ParentPID)+"\n", "which executed its own program, and has a pidfd")
	_, _, err = c.Wait()
	require.NoError(t, err)
	require.NoError(t, c.Close())
}

func TestParentThatIsNotReleasedTakesTheChildAlong(t *testing.T) {
	c, out, err := beside(t, "echo started; exec sleep 100", "echo never")
	require.NoError(t, err)
	pidfd, err := unix.Dup(c.PIDFD)
	require.NoError(t, err)
	defer unix.Close(pidfd)
	require.NoError(t, c.Close())
	_, _, err = c.Wait()
	require.NoError(t, err)
	assert.Equal(t, unix.ESRCH, unix.PidfdSendSignal(pidfd, 0, nil, 0), "killed and waited for")
	assert.NotContains(t, readAll(t, out), "never")
}

func TestParentReportsTheChildsFailure(t *testing.T) {
	for name, s := range map[string]kernel.Start{
		"in the child":   {Ops: []kernel.Op{kernel.Chdir("/proc/nonexistent"), kernel.Execve("/bin/true", []string{"true"}, nil)}, Parent: &kernel.Parent{}},
		"in the parent":  {Ops: []kernel.Op{kernel.Execve("/bin/true", []string{"true"}, nil)}, Parent: &kernel.Parent{Ops: []kernel.Op{kernel.Chdir("/proc/nonexistent")}}},
		"in the execve":  {Ops: []kernel.Op{kernel.Execve("/proc/nonexistent", []string{"true"}, nil)}, Parent: &kernel.Parent{}},
		"in the meeting": {Ops: []kernel.Op{kernel.Meet("talk", func(c *kernel.Child) error { require.NotZero(t, c.PID); return unix.ENOENT }), kernel.Execve("/bin/true", []string{"true"}, nil)}, Parent: &kernel.Parent{}},
	} {
		_, err := kernel.Fork(s)
		require.ErrorIs(t, err, unix.ENOENT, name)
		_, err = unix.Wait4(-1, nil, unix.WNOHANG, nil)
		assert.Equal(t, unix.ECHILD, err, "%s: nobody is left", name)
	}
}

func TestParentThatCannotGoOnTakesTheChildAlong(t *testing.T) {
	c, err := kernel.Fork(kernel.Start{
		Ops:    []kernel.Op{kernel.Execve("/bin/sleep", []string{"sleep", "100"}, nil)},
		Parent: &kernel.Parent{Then: []kernel.Op{kernel.Execve("/proc/nonexistent", []string{"x"}, nil)}},
	})
	require.NoError(t, err)
	require.NoError(t, c.Release())
	_, _, err = c.Wait()
	require.NoError(t, err)
	assert.Equal(t, unix.ESRCH, unix.PidfdSendSignal(c.PIDFD, 0, nil, 0))
	require.NoError(t, c.Close())
}
