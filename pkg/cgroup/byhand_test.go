package cgroup_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

// TestByHand does the course's first experiment with a shell and nothing of ours, and reads it back: what `lab check` judges
// is the state of the kernel, whoever made it.
func TestByHand(t *testing.T) {
	m := live(t)["as it is"]
	if !m.Has("cpu") || m.Where("cpu").Version != 1 {
		t.Skip("the lines are for v1, and this machine has its cpu controller in v2")
	}
	name := testenv.Name()
	dir := m.Where("cpu").Dir + "/" + name
	shell := func(line string) string {
		out, err := exec.Command("/bin/sh", "-ec", line).CombinedOutput()
		require.NoError(t, err, "%s: %s", line, out)
		return strings.TrimSpace(string(out))
	}
	t.Cleanup(func() { assert.NoError(t, m.RemoveEmpty(name)) })
	shell("mkdir " + dir)
	loop, err := kernel.Fork(kernel.Start{Ops: []kernel.Op{kernel.Execve("/bin/sh", []string{"sh", "-c", busyLoop}, os.Environ())}})
	require.NoError(t, err)
	defer func() {
		_ = loop.Signal(unix.SIGKILL)
		_, _, _ = loop.Wait()
		_ = loop.Close()
	}()
	shell(fmt.Sprintf("echo %d > %s/cgroup.procs; echo 50000 > %s/cpu.cfs_quota_us", loop.PID, dir, dir))
	g, err := m.Open(name)
	require.NoError(t, err)
	pids, err := g.Procs()
	require.NoError(t, err)
	assert.Equal(t, []int{loop.PID}, pids)
	require.Eventually(t, func() bool { st, err := g.Stats(); return err == nil && st.CPU.Throttled > 3 }, 20*time.Second, 50*time.Millisecond)
	st, err := g.Stats()
	require.NoError(t, err)
	assert.Contains(t, shell("cat "+dir+"/cpu.stat"), "nr_throttled")
	assert.NotZero(t, st.CPU.ThrottledTime)
	require.NoError(t, g.Delete(), "with the loop in it")
	assert.NoDirExists(t, dir)
}

// TestDiskCap writes past the page cache, which v1 does not see, to the disk below the temporary directory.
func TestDiskCap(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		dir := t.TempDir()
		var stat unix.Stat_t
		require.NoError(t, unix.Stat(dir, &stat))
		major, minor := int64(unix.Major(stat.Dev)), int64(unix.Minor(stat.Dev))
		if !exists(fmt.Sprintf("/sys/dev/block/%d:%d/queue", major, minor)) {
			t.Skipf("%s is not on a whole disk: %d:%d", dir, major, minor)
		}
		g := create(t, m, cgroup.Limits{IO: []cgroup.IOLimit{{Major: major, Minor: minor, WriteBPS: 1 << 20}}})
		begin := time.Now()
		status, out := result(t, g, "dd if=/dev/zero of="+dir+"/file bs=256k count=8 oflag=direct")
		require.Equal(t, 0, status.ExitStatus(), out)
		assert.Greater(t, time.Since(begin), time.Second, "2 MiB at 1 MiB a second: %s", out)
		st, err := g.Stats()
		require.NoError(t, err)
		assert.GreaterOrEqual(t, st.IO.WriteBytes, uint64(2<<20))
		assert.NotZero(t, st.IO.WriteOps)
	}, "blkio")
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// TestChildNeedsItsParent: a group can use no more than the groups above it.
func TestChildNeedsItsParent(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{Devices: cgroup.DefaultDevices()})
		child := m.Group(g.Path+"/child", cgroup.Limits{Devices: []cgroup.DeviceRule{{Allow: true, Type: 'a', Access: "rwm"}}})
		require.NoError(t, child.Create())
		_, out := result(t, child, "exec 3</dev/kmsg && echo kmsg")
		assert.NotContains(t, out, "kmsg\n")
	}, "devices")
}
