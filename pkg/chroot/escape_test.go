package chroot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/chroot"
)

func TestEscapeFromChroot(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	out, err := perform(t, "escape", root)
	require.NoError(t, err, out)
	assert.Contains(t, out, "out: true")
	assert.Contains(t, out, "in /\n")
	assert.Contains(t, out, "entry: etc", "the host's root")
	assert.Contains(t, out, `chroot("breakout"): root device`)
	assert.NoDirExists(t, filepath.Join(root, "breakout"), "the escape cleans up behind itself")
}

func TestEscapeFromReadOnlyChroot(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	require.NoError(t, unix.Mount(root, root, "", unix.MS_BIND, ""))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(root, unix.MNT_DETACH)) })
	require.NoError(t, unix.Mount("", root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	out, err := perform(t, "escape", root)
	require.NoError(t, err, out)
	assert.Contains(t, out, "the root cannot be written to: the directory bin will do")
	assert.Contains(t, out, "out: true")
}

func TestEscapeAfterPivotLeadsNowhere(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	out, err := perform(t, "pivot-escape", root)
	require.NoError(t, err, out)
	assert.Contains(t, out, "out: false")
	assert.Contains(t, out, "nothing above, after 0 levels")
	assert.Contains(t, out, "entry: bin\nentry: proc\nentry: tmp\nentry: usr")
	assert.NotContains(t, out, "entry: etc")
	assert.NoDirExists(t, filepath.Join(root, "breakout"))
}

func TestEscapeNeedsTheCapability(t *testing.T) {
	testenv.Root(t)
	setpriv := testenv.Have(t, "setpriv")
	cmd := exec.Command(setpriv, "--bounding-set=-sys_chroot", "/proc/self/exe")
	self, err := os.Executable()
	require.NoError(t, err)
	cmd.Args[2] = self
	cmd.Args = append(cmd.Args, "/")
	cmd.Env = []string{actor + "=just-escape"}
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	assert.Error(t, err)
	assert.Equal(t, "error: move the root below the current directory: now nothing stops \"..\": operation not permitted",
		strings.TrimSpace(lastLine(string(out))))
	assert.NoDirExists(t, "/breakout")
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// The list form: the same calls in a forked child that cannot look around, ending in a shell of the host.
func TestEscapeOps(t *testing.T) {
	testenv.Root(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	root := newRoot(t)
	ops := append(chroot.EnterOps(root), chroot.EscapeOps(64)...)
	ops = append(ops, kernel.Dup3(kernel.FD(int(file.Fd())), 1))
	ops = append(ops, kernel.Exec([]string{"/bin/sh", "-c", "test -d /etc && echo out"}, nil)...)
	child, err := kernel.Fork(kernel.Start{Ops: ops})
	require.NoError(t, err)
	defer child.Close()
	_, _, err = child.Wait()
	require.NoError(t, err)
	data, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	assert.Equal(t, "out", strings.TrimSpace(string(data)))
}

func TestEnter(t *testing.T) {
	testenv.Root(t)
	out, err := perform(t, "enter", newRoot(t))
	require.NoError(t, err, out)
	assert.Equal(t, "in /\nentry: bin\nentry: proc\nentry: tmp\nentry: usr", out)
}

func TestPivot(t *testing.T) {
	testenv.Root(t)
	out, err := perform(t, "pivot", newRoot(t))
	require.NoError(t, err, out)
	assert.Equal(t, "in /\nentry: bin\nentry: proc\nentry: tmp\nentry: usr", out)
	assert.DirExists(t, "/etc", "the caller's own namespace is as it was")
}

func TestPivotRefusesASharedNamespace(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	out, err := perform(t, "pivot-host", root)
	assert.Error(t, err)
	assert.Equal(t, "error: pivot to "+root+": other processes share this mount namespace; leave it first (unshare -m)", out)
}
