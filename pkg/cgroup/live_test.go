package cgroup_test

import (
	"fmt"
	"os"
	"path/filepath"
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

const busyLoop = "while :; do :; done"

// create makes a group that is gone when the test ends.
func create(t testing.TB, m *cgroup.Machine, l cgroup.Limits) *cgroup.Group {
	t.Helper()
	g := m.Group(testenv.Name()+"/g", l)
	t.Cleanup(func() {
		assert.NoError(t, g.Delete())
		assert.NoError(t, m.RemoveEmpty(filepath.Dir(g.Path)))
	})
	require.NoError(t, g.Create())
	return g
}

// start runs a shell script born in the group. It is killed and waited for when the test ends, before the group goes.
func start(t testing.TB, g *cgroup.Group, script string) *kernel.Child {
	t.Helper()
	s := kernel.Start{Ops: append(g.JoinOps(1), kernel.Execve("/bin/sh", []string{"sh", "-c", script}, os.Environ()))}
	if g.Dir() != "" {
		dir, err := os.Open(g.Dir())
		require.NoError(t, err)
		defer dir.Close()
		s.Cgroup = int(dir.Fd())
	}
	c, err := kernel.Fork(s)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.Signal(unix.SIGKILL)
		_, _, _ = c.Wait()
		_ = c.Close()
	})
	return c
}

// result runs a script to its end and returns its status and what it printed.
func result(t testing.TB, g *cgroup.Group, script string) (unix.WaitStatus, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	c := start(t, g, "exec >"+out+" 2>&1; "+script)
	status, _, err := c.Wait()
	require.NoError(t, err)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	return status, string(text)
}

// cpuUse is the part of a CPU that a group gets for a while.
func cpuUse(t testing.TB, while time.Duration, groups ...*cgroup.Group) []float64 {
	t.Helper()
	read := func() (list []time.Duration) {
		for _, g := range groups {
			st, err := g.Stats()
			require.NoError(t, err)
			list = append(list, st.CPU.Usage)
		}
		return list
	}
	begin, before := time.Now(), read()
	time.Sleep(while)
	took, after := time.Since(begin), read()
	use := make([]float64, len(groups))
	for i := range groups {
		use[i] = float64(after[i]-before[i]) / float64(took)
	}
	return use
}

// eventually tries up to three times: a busy machine gives a loop less than it asks for.
func eventually(t testing.TB, try func() (bool, string)) {
	t.Helper()
	var said string
	for range 3 {
		ok, text := try()
		if ok {
			return
		}
		said = text
	}
	t.Error(said)
}

func TestQuotaHalvesABusyLoop(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		start(t, g, busyLoop)
		whole := cpuUse(t, time.Second, g)[0]
		require.NoError(t, g.Set(cgroup.Limits{CPUQuota: 50000}))
		eventually(t, func() (bool, string) {
			half := cpuUse(t, 2*time.Second, g)[0]
			return half < 0.58 && half > 0.2, fmt.Sprintf("with a quota of 50 %% the loop got %.0f %%, without %.0f %%", 100*half, 100*whole)
		})
		st, err := g.Stats()
		require.NoError(t, err)
		assert.NotZero(t, st.CPU.Periods)
		assert.NotZero(t, st.CPU.Throttled)
		assert.NotZero(t, st.CPU.ThrottledTime)
		require.NoError(t, g.Set(cgroup.Limits{CPUQuota: cgroup.Unlimit}))
		require.NoError(t, g.Set(cgroup.Limits{CPUQuota: 20000, CPUPeriod: 50000}))
	}, "cpu", "cpuacct")
}

func TestWeightsShareOneCPU(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		parent := create(t, m, cgroup.Limits{CPUs: "0"}) // a weight counts among siblings
		light := m.Group(parent.Path+"/light", cgroup.Limits{CPUShares: 1024, CPUs: "0"})
		require.NoError(t, light.Create())
		heavy := m.Group(parent.Path+"/heavy", cgroup.Limits{CPUWeight: 300, CPUs: "0"})
		require.NoError(t, heavy.Create())
		start(t, light, busyLoop)
		start(t, heavy, busyLoop)
		eventually(t, func() (bool, string) {
			use := cpuUse(t, 2*time.Second, light, heavy)
			ratio := use[1] / use[0]
			return ratio > 2.2 && ratio < 4, fmt.Sprintf("weights 1:3 gave 1:%.2f", ratio)
		})
	}, "cpu", "cpuacct", "cpuset")
}

func TestMemoryLimitEndsInTheOOMKiller(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{Memory: 16 << 20, MemorySwap: 16 << 20})
		status, out := result(t, g, `sh -c 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'; echo status $?`)
		assert.Equal(t, 0, status.ExitStatus())
		assert.Contains(t, out, "status 137")
		kills, err := g.OOM()
		require.NoError(t, err)
		assert.NotZero(t, kills)
		st, err := g.Stats()
		require.NoError(t, err)
		assert.Equal(t, kills, st.Memory.OOMKills)
		assert.EqualValues(t, 16<<20, st.Memory.Limit)
		assert.LessOrEqual(t, st.Memory.Peak, uint64(16<<20))
		if m.Where("memory").Version == 2 { // v1's failcnt stays 0 on some kernels where an OOM kill came of it
			assert.NotZero(t, st.Memory.LimitHits)
			assert.NotZero(t, st.Memory.OOM)
		}
	}, "memory")
}

func TestSetRaisesAndLowersMemory(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{Memory: 32 << 20})
		for _, memory := range []int64{512 << 20, 16 << 20, cgroup.Unlimit, 64 << 20} {
			require.NoError(t, g.Set(cgroup.Limits{Memory: memory}), "%d", memory)
			st, err := g.Stats()
			require.NoError(t, err)
			want := uint64(memory)
			if memory == cgroup.Unlimit {
				want = cgroup.Unlimited
			}
			assert.Equal(t, want, st.Memory.Limit)
		}
		require.NoError(t, g.Set(cgroup.Limits{Memory: 32 << 20, MemorySwap: cgroup.Unlimit, MemoryReservation: 8 << 20}))
	}, "memory")
}

func TestPIDsLimitStopsForks(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{PIDs: 5})
		start(t, g, "for i in 1 2 3 4 5 6 7 8 9; do sleep 30 & done; sleep 30")
		var st cgroup.Stats
		require.Eventually(t, func() bool { st, _ = g.Stats(); return st.PIDs.Current >= 4 }, 20*time.Second, 10*time.Millisecond)
		assert.LessOrEqual(t, st.PIDs.Current, uint64(5))
		assert.EqualValues(t, 5, st.PIDs.Limit)
		_, out := result(t, create(t, m, cgroup.Limits{PIDs: 1}), "sleep 0; echo not reached")
		assert.NotContains(t, out, "not reached")
	}, "pids")
}

func TestCpusetPins(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{CPUs: "1"})
		_, out := result(t, g, "grep Cpus_allowed_list /proc/self/status")
		assert.Equal(t, "Cpus_allowed_list:\t1\n", out)
	}, "cpuset")
}

func TestFreezerStopsALoop(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		start(t, g, busyLoop)
		require.NoError(t, g.Freeze())
		require.NoError(t, g.Freeze(), "twice")
		state, err := g.State()
		require.NoError(t, err)
		assert.Equal(t, cgroup.Frozen, state)
		assert.Less(t, cpuUse(t, 300*time.Millisecond, g)[0], 0.01)
		require.NoError(t, g.Thaw())
		state, err = g.State()
		require.NoError(t, err)
		assert.Equal(t, cgroup.Thawed, state)
		eventually(t, func() (bool, string) {
			return cpuUse(t, 500*time.Millisecond, g)[0] > 0.05, "a thawed loop does not run"
		})
		require.NoError(t, g.Freeze())
		require.NoError(t, g.Kill(unix.SIGKILL), "a frozen group can be killed")
	}, "freezer", "cpuacct")
}

func TestDeviceRefused(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{Devices: cgroup.DefaultDevices()})
		script := "dd if=/dev/zero of=/dev/null bs=1 count=1 2>/dev/null && echo null; exec 3</dev/kmsg && echo kmsg"
		_, out := result(t, g, script)
		assert.Contains(t, out, "null\n")
		assert.NotContains(t, out, "kmsg\n")
		assert.Contains(t, out, "ermitted")

		kmsg := cgroup.DeviceRule{Allow: true, Type: 'c', Major: 1, Minor: 11, Access: "r"}
		require.NoError(t, g.Set(cgroup.Limits{Devices: append(cgroup.DefaultDevices(), kmsg)}))
		_, out = result(t, g, script)
		assert.Contains(t, out, "kmsg\n", "allowed by an update")
		_, out = result(t, g, "exec 3>/dev/kmsg && echo kmsg")
		assert.NotContains(t, out, "kmsg\n", "for reading only")

		require.NoError(t, g.Set(cgroup.Limits{Devices: []cgroup.DeviceRule{{Allow: true, Type: 'a', Access: "rwm"},
			{Type: 'c', Major: 1, Minor: 11, Access: "rwm"}}}))
		_, out = result(t, g, "exec 3</dev/full; dd if=/dev/random of=/dev/null bs=1 count=1 2>/dev/null && echo random; exec 4</dev/kmsg && echo kmsg")
		assert.Contains(t, out, "random\n")
		assert.NotContains(t, out, "kmsg\n")
	}, "devices")
}

func TestHugePagesAndDisks(t *testing.T) {
	m := live(t)["as it is"]
	if m.Has("hugetlb") {
		if tree := m.Where("hugetlb"); tree.Version == 2 {
			restoreEnabled(t, tree)
		}
		sizes, _ := filepath.Glob("/sys/kernel/mm/hugepages/hugepages-2048kB")
		if len(sizes) == 1 {
			g := create(t, m, cgroup.Limits{Hugetlb: []cgroup.HugetlbLimit{{PageSize: "2MB", Limit: 4 << 20}}})
			file := "hugetlb.2MB.limit_in_bytes"
			if m.Where("hugetlb").Version == 2 {
				file = "hugetlb.2MB.max"
			}
			assert.Equal(t, "4194304", content(t, g.DirOf("hugetlb")+"/"+file))
		}
	}
	if disk, major, minor := anyDisk(); m.Has("blkio") && disk != "" && m.Mode != cgroup.V2 {
		g := create(t, m, cgroup.Limits{BlkioWeight: 500, IO: []cgroup.IOLimit{{Major: major, Minor: minor, ReadBPS: 1 << 20, WriteIOPS: 100}}})
		assert.Equal(t, fmt.Sprintf("%d:%d 1048576", major, minor), content(t, g.DirOf("io")+"/blkio.throttle.read_bps_device"))
		assert.Equal(t, fmt.Sprintf("%d:%d 100", major, minor), content(t, g.DirOf("blkio")+"/blkio.throttle.write_iops_device"))
	}
}

func content(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.TrimSpace(string(data))
}

func anyDisk() (name string, major, minor int64) {
	devices, _ := filepath.Glob("/sys/block/*/dev")
	for _, path := range devices {
		data, err := os.ReadFile(path)
		if n, _ := fmt.Sscanf(string(data), "%d:%d", &major, &minor); err == nil && n == 2 && !strings.Contains(path, "/ram") && !strings.Contains(path, "/loop") {
			return path, major, minor
		}
	}
	return "", 0, 0
}
