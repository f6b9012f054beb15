package cgroup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

func TestKillEndsAForkLoop(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		l := cgroup.Limits{}
		if m.Has("pids") {
			l.PIDs = 200
		}
		g := create(t, m, l)
		start(t, g, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); (sleep 20 &) 2>/dev/null; done")
		require.Eventually(t, func() bool { pids, _ := g.Procs(); return len(pids) > 50 }, 20*time.Second, time.Millisecond)
		require.NoError(t, g.Kill(unix.SIGKILL))
		pids, err := g.Procs()
		require.NoError(t, err)
		assert.Empty(t, pids)
		require.NoError(t, g.Kill(unix.SIGKILL), "nobody left")
	})
}

func TestKillSendsASignal(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		child := m.Group(g.Path+"/child", cgroup.Limits{})
		require.NoError(t, child.Create())
		c := start(t, child, "exec sleep 30")
		require.NoError(t, g.Kill(unix.SIGTERM))
		status, _, err := c.Wait()
		require.NoError(t, err)
		assert.Equal(t, unix.SIGTERM, status.Signal(), "groups below are meant too")
	})
}

func TestJoinFromOutside(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		outside := create(t, m, cgroup.Limits{})
		c := start(t, outside, "exec sleep 30")
		g := create(t, m, cgroup.Limits{})
		require.NoError(t, g.Join(c.PID))
		pids, err := g.Procs()
		require.NoError(t, err)
		assert.Equal(t, []int{c.PID}, pids)
		assert.Error(t, g.Join(0))
		assert.ErrorContains(t, g.Join(1<<22+1), "write 4194305 to "+g.Dirs()[0]+"/cgroup.procs: ")
	})
}

// TestJoinFromAUserNamespace has a child that is nobody on the host join by files that root has opened.
func TestJoinFromAUserNamespace(t *testing.T) {
	m := live(t)["as it is"]
	g := create(t, m, cgroup.Limits{})
	files, err := g.OpenTasks()
	require.NoError(t, err)
	closeAll := func() {
		for _, f := range files {
			_ = f.Close()
		}
	}
	defer closeAll()
	if len(files) == 0 {
		t.Skip("v2 has no tasks file")
	}
	ops := append(cgroup.JoinOpened(files), kernel.Execve("/bin/sleep", []string{"sleep", "30"}, nil))
	c, err := kernel.Fork(kernel.Start{Flags: unix.CLONE_NEWUSER, Ops: ops})
	require.NoError(t, err)
	defer func() {
		_ = c.Signal(unix.SIGKILL)
		_, _, _ = c.Wait()
		_ = c.Close()
	}()
	for _, dir := range g.Dirs() {
		if exists(dir + "/tasks") {
			assert.Equal(t, fmt.Sprint(c.PID), content(t, dir+"/tasks"))
		}
	}
}

func TestDeleteKnowsNoLimits(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{CPUs: "0"})
		start(t, g, "sleep 30")
		require.NoError(t, m.Group(g.Path, cgroup.Limits{}).Delete())
		for _, dir := range g.Dirs() {
			assert.NoDirExists(t, dir)
		}
	}, "cpuset")
}

// Two hundred groups, each in the one before: the time may grow with their number, not with its square.
func TestDeleteDeep(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		deep := m.Group(g.Path+strings.Repeat("/a", 200), cgroup.Limits{})
		require.NoError(t, deep.Create())
		start(t, deep, "exec sleep 30")
		require.NoError(t, g.Delete())
		for _, dir := range g.Dirs() {
			assert.NoDirExists(t, dir)
		}
	})
}

func TestDeleteKillsAndTakesChildrenAlong(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		child := m.Group(g.Path+"/a/b", cgroup.Limits{})
		require.NoError(t, child.Create())
		start(t, child, "sleep 30 & sleep 30") // not in g: version 2 wants processes in leaves alone
		list, err := m.List(filepath.Dir(g.Path))
		require.NoError(t, err)
		assert.Equal(t, []string{g.Path, g.Path + "/a", g.Path + "/a/b"}, list)
		require.NoError(t, g.Delete())
		require.NoError(t, g.Delete(), "twice")
		for _, dir := range g.Dirs() {
			assert.NoDirExists(t, dir)
		}
		list, err = m.List(filepath.Dir(g.Path))
		require.NoError(t, err)
		assert.Empty(t, list)
		_, err = g.Stats()
		assert.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestOpen(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		same, err := m.Open(g.Path)
		require.NoError(t, err)
		assert.ElementsMatch(t, g.Dirs(), same.Dirs())
		_, err = same.Stats()
		require.NoError(t, err)
		_, err = m.Open(g.Path + "/nowhere")
		assert.ErrorIs(t, err, os.ErrNotExist)
		_, err = m.Open("../up")
		assert.Error(t, err)
	})
}

func TestCreateLeavesNothingAfterAnError(t *testing.T) {
	m := live(t)["as it is"]
	if m.Mode != cgroup.V2 {
		g := m.Group(testenv.Name(), cgroup.Limits{CPUQuota: 500})
		err := g.Create()
		require.EqualError(t, err, "write 500 to "+g.DirOf("cpu")+"/cpu.cfs_quota_us: invalid argument")
		assert.ErrorIs(t, err, unix.EINVAL)
		for _, dir := range g.Dirs() {
			assert.NoDirExists(t, dir)
		}
	}
	g := create(t, m, cgroup.Limits{})
	err := m.Group(g.Path, cgroup.Limits{}).Create()
	assert.ErrorIs(t, err, unix.EEXIST)
	for _, dir := range g.Dirs() {
		assert.DirExists(t, dir, "a group that was there stays")
	}
}

func TestHundredGroupsAtOnce(t *testing.T) {
	m := live(t)["as it is"]
	top := testenv.Name()
	t.Cleanup(func() { assert.NoError(t, m.RemoveEmpty(top)) })
	var all sync.WaitGroup
	for worker := range 10 {
		all.Go(func() {
			for i := range 10 {
				g := m.Group(fmt.Sprintf("%s/%d-%d", top, worker, i), cgroup.Limits{PIDs: 10, Devices: cgroup.DefaultDevices()})
				if !assert.NoError(t, g.Create()) {
					return
				}
				assert.NoError(t, g.Delete())
			}
		})
	}
	all.Wait()
}
