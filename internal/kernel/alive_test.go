package kernel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Who forks is killed while the child is on its way, before the child could ask to die with it: the child ends by itself, and
// its program does not begin.
func TestDieWithParentThatIsGone(t *testing.T) {
	if dir := os.Getenv("LAB_TEST_FORKS_IN"); dir != "" {
		ops := append([]kernel.Op{kernel.Open(dir+"/gate", unix.O_RDONLY, 0)}, kernel.DieWithParent()...)
		_, err := kernel.Fork(kernel.Start{Ops: append(ops, kernel.Execve("/bin/sh", []string{"sh", "-c", "echo began > " + dir + "/began"}, nil))})
		require.NoError(t, err)
		return
	}
	dir := t.TempDir()
	require.NoError(t, unix.Mkfifo(dir+"/gate", 0o600))
	cmd := exec.Command(os.Args[0], "-test.run=^TestDieWithParentThatIsGone$")
	cmd.Env = append(os.Environ(), "LAB_TEST_FORKS_IN="+dir)
	require.NoError(t, cmd.Start())
	var children []byte
	require.Eventually(t, func() bool { // the child is there: it waits at the gate
		tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/children")
		for _, name := range tasks {
			if text, err := os.ReadFile(name); err == nil && len(text) > 0 {
				children = text
			}
		}
		return len(children) > 0
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	gate, err := os.OpenFile(dir+"/gate", os.O_WRONLY, 0)
	require.NoError(t, err)
	require.NoError(t, gate.Close())
	child := "/proc/" + string(children[:len(children)-1])
	require.Eventually(t, func() bool {
		_, err := os.Stat(child)
		return os.IsNotExist(err)
	}, 20*time.Second, 5*time.Millisecond)
	assert.NoFileExists(t, dir+"/began")
}
