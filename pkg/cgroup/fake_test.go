package cgroup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

// fakeV2 plays a v2 tree in a temporary directory for what this machine's own v2 tree has no controllers for: it
// watches the calls, and fills a directory that was made with the files that the kernel would put there.
type fakeV2 struct {
	t     *testing.T
	dir   string
	open  string   // the file opened last
	calls []string // "mkdir lab", "lab/cpu.max = 50000 100000"
}

const fakeControllers = "cpuset cpu io memory hugetlb pids"

func newFake(t *testing.T) (*fakeV2, *cgroup.Machine) {
	f := &fakeV2{t: t, dir: t.TempDir()}
	f.put("cgroup.controllers", fakeControllers+"\n")
	f.put("cgroup.subtree_control", "")
	kernel.Watch(f)
	t.Cleanup(func() { kernel.Watch(nil) })
	return f, &cgroup.Machine{Mode: cgroup.V2, Hierarchies: []cgroup.Hierarchy{
		{Version: 2, Dir: f.dir, Own: "/", Controllers: strings.Fields(fakeControllers)}}}
}

func (f *fakeV2) put(name, text string) {
	require.NoError(f.t, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
}

func (f *fakeV2) Steps() bool { return false }

func (f *fakeV2) Before(_ int, op *kernel.Op) error {
	switch op.Call {
	case "unlinkat": // the kernel removes a group with all its files
		dir := op.Args[1].Text()
		if members, _ := os.ReadFile(dir + "/cgroup.procs"); len(members) == 0 {
			files, _ := filepath.Glob(dir + "/*.*")
			for _, file := range files {
				_ = os.Remove(file)
			}
		}
	case "openat": // a write replaces what was there
		f.open = op.Args[1].Text()
		if op.Args[2].Word()&unix.O_ACCMODE == unix.O_WRONLY {
			_ = os.Truncate(f.open, 0)
		}
	}
	return nil
}

func (f *fakeV2) After(_ int, op *kernel.Op, r kernel.Result) {
	short := func(path string) string { return strings.TrimPrefix(path, f.dir+"/") }
	switch {
	case r.Errno != 0:
	case op.Call == "mkdirat":
		dir := short(op.Args[1].Text())
		f.calls = append(f.calls, "mkdir "+dir)
		for _, file := range []string{"cgroup.procs", "cgroup.subtree_control", "cgroup.freeze", "cgroup.kill", "cpu.max", "cpu.weight", "cpuset.cpus",
			"cpuset.mems", "memory.max", "memory.swap.max", "memory.low", "memory.high", "pids.max", "io.max", "io.bfq.weight", "hugetlb.2MB.max"} {
			f.put(dir+"/"+file, "")
		}
		f.put(dir+"/cgroup.events", "populated 0\nfrozen 0\n")
		f.put(dir+"/cgroup.controllers", fakeControllers)
	case op.Call == "unlinkat":
		f.calls = append(f.calls, "rmdir "+short(op.Args[1].Text()))
	case op.Call == "write":
		data, _ := os.ReadFile(f.open)
		f.calls = append(f.calls, short(f.open)+" = "+string(data))
		switch filepath.Base(f.open) {
		case "cgroup.kill":
			_ = os.Truncate(filepath.Dir(f.open)+"/cgroup.procs", 0)
		case "cgroup.freeze":
			f.put(short(filepath.Dir(f.open))+"/cgroup.events", "populated 1\nfrozen "+string(data)+"\n")
		case "cgroup.subtree_control":
			_ = os.WriteFile(f.open, []byte(strings.ReplaceAll(string(data), "+", "")), 0o600)
		}
	}
}

func (f *fakeV2) took() []string {
	calls := f.calls
	f.calls = nil
	return calls
}

func TestV2Create(t *testing.T) {
	f, m := newFake(t)
	l := cgroup.Limits{
		CPUQuota: 50000, CPUShares: 512, CPUs: "0-1", Mems: "0", Memory: 64 << 20, MemoryReservation: 32 << 20, PIDs: 50, BlkioWeight: 500,
		IO:      []cgroup.IOLimit{{Major: 8, Minor: 0, ReadBPS: 1000, WriteBPS: 2000, ReadIOPS: 3, WriteIOPS: 4}},
		Hugetlb: []cgroup.HugetlbLimit{{PageSize: "2MB", Limit: 4 << 20}}, Unified: map[string]string{"memory.high": "60M"},
	}
	g := m.Group("lab/web", l)
	require.NoError(t, g.Create())
	assert.Equal(t, []string{
		"cgroup.subtree_control = +cpu +memory +pids +cpuset +io +hugetlb",
		"mkdir lab",
		"lab/cgroup.subtree_control = +cpu +memory +pids +cpuset +io +hugetlb",
		"mkdir lab/web",
		"lab/web/cpu.weight = 50",
		"lab/web/cpu.max = 50000 100000",
		"lab/web/memory.max = 67108864",
		"lab/web/memory.swap.max = 67108864",
		"lab/web/memory.low = 33554432",
		"lab/web/pids.max = 50",
		"lab/web/cpuset.cpus = 0-1",
		"lab/web/cpuset.mems = 0",
		"lab/web/io.bfq.weight = 500",
		"lab/web/io.max = 8:0 rbps=1000 wbps=2000 riops=3 wiops=4",
		"lab/web/hugetlb.2MB.max = 4194304",
		"lab/web/memory.high = 60M",
	}, f.took())
	assert.Equal(t, f.dir+"/lab/web", g.Dir())
	assert.Empty(t, g.JoinOps(1), "the child is born in the group")

	require.NoError(t, m.Group("lab/db", cgroup.Limits{}).Create())
	assert.Equal(t, []string{"mkdir lab/db"}, f.took(), "what is enabled is not enabled again")

	f.put("cgroup.subtree_control", "cpu memory")
	require.NoError(t, m.Group("lab/third", cgroup.Limits{}).Create())
	assert.Equal(t, []string{"cgroup.subtree_control = +pids +io", "mkdir lab/third"}, f.took(), "only added to")
}

func TestV2Set(t *testing.T) {
	f, m := newFake(t)
	g := m.Group("web", cgroup.Limits{})
	require.NoError(t, g.Create())
	f.put("web/cpu.max", "20000 50000\n")
	f.put("web/memory.max", "67108864\n")
	f.took()
	for _, step := range []struct {
		limits cgroup.Limits
		want   []string
	}{
		{cgroup.Limits{CPUQuota: 10000}, []string{"web/cpu.max = 10000 50000"}},
		{cgroup.Limits{CPUPeriod: 200000}, []string{"web/cpu.max = 10000 200000"}},
		{cgroup.Limits{CPUQuota: -1}, []string{"web/cpu.max = max 200000"}},
		{cgroup.Limits{MemorySwap: 100 << 20}, []string{"web/memory.swap.max = 37748736"}},
		{cgroup.Limits{Memory: -1, MemorySwap: -1, MemoryReservation: -1},
			[]string{"web/memory.max = max", "web/memory.swap.max = max", "web/memory.low = 0"}},
		{cgroup.Limits{PIDs: -1}, []string{"web/pids.max = max"}},
		{cgroup.Limits{}, nil},
	} {
		require.NoError(t, g.Set(step.limits))
		assert.Equal(t, step.want, f.took())
	}
	assert.ErrorIs(t, g.Set(cgroup.Limits{Hugetlb: []cgroup.HugetlbLimit{{PageSize: "2MB", Limit: 1 << 21}}}), unix.ENOENT, "the group was not made for it")
}

func TestV2FreezeKillDelete(t *testing.T) {
	f, m := newFake(t)
	g := m.Group("lab/web", cgroup.Limits{})
	require.NoError(t, g.Create())
	f.took()
	require.NoError(t, g.Freeze())
	state, err := g.State()
	require.NoError(t, err)
	assert.Equal(t, cgroup.Frozen, state)
	require.NoError(t, g.Thaw())
	require.NoError(t, g.Join(1<<22+1))
	pids, err := g.Procs()
	require.NoError(t, err)
	assert.Equal(t, []int{1<<22 + 1}, pids)
	require.NoError(t, g.Kill(unix.SIGKILL))
	require.NoError(t, g.Delete())
	assert.Equal(t, []string{"lab/web/cgroup.freeze = 1", "lab/web/cgroup.freeze = 0", "lab/web/cgroup.procs = 4194305",
		"lab/web/cgroup.kill = 1", "rmdir lab/web"}, f.took())
}

func TestNobodyKillsHimself(t *testing.T) {
	_, m := newFake(t)
	g := m.Group("web", cgroup.Limits{})
	require.NoError(t, g.Create())
	require.NoError(t, g.Join(os.Getpid()))
	assert.ErrorIs(t, g.Kill(unix.SIGKILL), cgroup.ErrInside)
	assert.ErrorIs(t, g.Kill(unix.SIGTERM), cgroup.ErrInside)
	assert.ErrorIs(t, g.Freeze(), cgroup.ErrInside)
}

func TestV2Stats(t *testing.T) {
	f, m := newFake(t)
	g := m.Group("web", cgroup.Limits{BlkioWeight: 100})
	require.NoError(t, g.Create())
	for name, text := range map[string]string{
		"cpu.stat":            "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 700\n",
		"memory.current":      "1000\n",
		"memory.peak":         "2000\n",
		"memory.max":          "max\n",
		"memory.swap.current": "10\n",
		"memory.stat":         "anon 300\nfile 600\nkernel 100\ninactive_file 250\nactive_file 350\n",
		"memory.events":       "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n",
		"pids.current":        "4\n",
		"pids.max":            "50\n",
		"io.stat":             "8:0 rbytes=100 wbytes=200 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=3 wios=4\n",
	} {
		f.put("web/"+name, text)
	}
	st, err := g.Stats()
	require.NoError(t, err)
	assert.Equal(t, cgroup.Stats{
		CPU: cgroup.CPUStats{Usage: 5e6, User: 3e6, System: 2e6, Periods: 10, Throttled: 4, ThrottledTime: 7e5},
		Memory: cgroup.MemoryStats{Usage: 1000, Peak: 2000, Limit: cgroup.Unlimited, File: 600, Anon: 300, Kernel: 100, Swap: 10, WorkingSet: 750,
			LimitHits: 7, OOM: 3, OOMKills: 2},
		PIDs: cgroup.PIDStats{Current: 4, Limit: 50},
		IO:   cgroup.IOStats{ReadBytes: 101, WriteBytes: 202, ReadOps: 4, WriteOps: 6},
	}, st)
	kills, err := g.OOM()
	require.NoError(t, err)
	assert.EqualValues(t, 2, kills)
}

func TestMissingController(t *testing.T) {
	for name, test := range map[string]struct {
		machine cgroup.Machine
		limits  cgroup.Limits
		want    string
	}{
		"none": {cgroup.Machine{}, cgroup.Limits{Memory: 1 << 30},
			"the memory controller is missing (cgroup none): no control groups are mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup"},
		"v1": {cgroup.Machine{Mode: cgroup.V1}, cgroup.Limits{PIDs: 1},
			"the pids controller is missing (cgroup v1): mount it with: mkdir /sys/fs/cgroup/pids && mount -t cgroup -o pids pids /sys/fs/cgroup/pids"},
		"v2": {cgroup.Machine{Mode: cgroup.V2, Hierarchies: []cgroup.Hierarchy{{Version: 2, Dir: "/nowhere"}}}, cgroup.Limits{BlkioWeight: 10},
			"the io controller is missing (cgroup v2): see which ones the group above passes down with: cat cgroup.controllers"},
	} {
		t.Run(name, func(t *testing.T) {
			g := test.machine.Group("lab/x", test.limits)
			var missing *cgroup.MissingController
			require.ErrorAs(t, g.Check(), &missing)
			_, err := g.CreateOps()
			assert.EqualError(t, err, test.want)
			assert.ErrorIs(t, g.Create(), unix.ENOENT)
		})
	}
}

func TestNoControlGroupsNoLimits(t *testing.T) {
	g := (&cgroup.Machine{}).Group("lab/x", cgroup.Limits{})
	ops, err := g.CreateOps()
	require.NoError(t, err)
	assert.Empty(t, ops)
	assert.Empty(t, g.JoinOps(1))
	assert.Empty(t, g.Dir())
	assert.False(t, g.Writable())
	assert.NoError(t, g.Delete())
}

func TestHostileNames(t *testing.T) {
	for _, path := range []string{"", "/", "..", "a/../b", "a//b", "a/", "./a", "a\nb", "a\x00b", strings.Repeat("x", 256)} {
		g := (&cgroup.Machine{Mode: cgroup.V1}).Group(path, cgroup.Limits{})
		_, err := g.CreateOps()
		assert.Error(t, err, "%q", path)
		assert.Error(t, g.Create(), "%q", path)
		assert.Error(t, g.Delete(), "%q", path)
		assert.Error(t, g.Join(1), "%q", path)
	}
}

func TestInternalProcesses(t *testing.T) {
	file := "/sys/fs/cgroup/lab/cgroup.subtree_control"
	err := cgroup.Explain(&kernel.Error{Op: kernel.WriteFile(1, file, "+cpu")[1], Errno: unix.EBUSY})
	var rule *cgroup.InternalProcesses
	require.ErrorAs(t, err, &rule)
	assert.ErrorIs(t, err, unix.EBUSY)
	assert.EqualError(t, err, "write +cpu to /sys/fs/cgroup/lab/cgroup.subtree_control: device or resource busy: "+
		"cgroup v2 lets a group have member processes or pass controllers to its children, not both; "+
		"move the processes of /sys/fs/cgroup/lab into a child group first")
	assert.NoError(t, cgroup.Explain(nil))
	assert.Equal(t, os.ErrClosed, cgroup.Explain(os.ErrClosed))
}

// TestV1Ops is the list for v1, where a cpuset group copies what it has from above.
func TestV1Ops(t *testing.T) {
	dir := t.TempDir()
	m := &cgroup.Machine{Mode: cgroup.V1}
	for _, c := range []string{"cpu", "cpuset", "memory", "freezer"} {
		require.NoError(t, os.Mkdir(dir+"/"+c, 0o700))
		m.Hierarchies = append(m.Hierarchies, cgroup.Hierarchy{Version: 1, Dir: dir + "/" + c, Controllers: []string{c}, Own: "/"})
	}
	for name, text := range map[string]string{"cpuset/cpuset.cpus": "0-3\n", "cpuset/cpuset.mems": "0\n", "memory/memory.memsw.limit_in_bytes": "1\n"} {
		require.NoError(t, os.WriteFile(dir+"/"+name, []byte(text), 0o600))
	}
	g := m.Group("lab/web", cgroup.Limits{CPUs: "1", CPUQuota: 50000, CPUPeriod: 50000, Memory: 8 << 20})
	ops, err := g.CreateOps()
	require.NoError(t, err)
	var lines []string
	for _, op := range ops {
		if op.Call == "mkdirat" || op.Call == "write" {
			lines = append(lines, strings.ReplaceAll(op.Shell(), dir, ""))
		}
	}
	assert.Equal(t, []string{
		"mkdir -m 755 /cpu/lab", "mkdir -m 755 /cpu/lab/web",
		"echo 50000 > /cpu/lab/web/cpu.cfs_period_us", "echo 50000 > /cpu/lab/web/cpu.cfs_quota_us",
		"mkdir -m 755 /memory/lab", "mkdir -m 755 /memory/lab/web",
		"echo 8388608 > /memory/lab/web/memory.limit_in_bytes", "echo 16777216 > /memory/lab/web/memory.memsw.limit_in_bytes",
		"mkdir -m 755 /freezer/lab", "mkdir -m 755 /freezer/lab/web",
		"mkdir -m 755 /cpuset/lab", "echo 0-3 > /cpuset/lab/cpuset.cpus", "echo 0 > /cpuset/lab/cpuset.mems",
		"mkdir -m 755 /cpuset/lab/web", "echo 0-3 > /cpuset/lab/web/cpuset.cpus", "echo 0 > /cpuset/lab/web/cpuset.mems",
		"echo 1 > /cpuset/lab/web/cpuset.cpus",
	}, lines)
	assert.Len(t, g.JoinOps(1), 12)
	assert.Equal(t, "join: write 0 to "+dir+"/cpu/lab/web/tasks", g.JoinOps(1)[1].Why)
}
