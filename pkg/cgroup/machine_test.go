package cgroup_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

const mountsV1 = `25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw
32 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
33 25 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 25 0:31 / /sys/fs/cgroup/with\040space rw - cgroup none rw,xattr,pids
35 25 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd
`

const mountV2 = "42 25 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"

const mountUnified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		mounts, own string
		mode        cgroup.Mode
		want        map[string]string // directory: own path
	}{
		"nothing mounted": {"25 30 0:23 / /sys rw - sysfs sysfs rw\n", "", cgroup.None, map[string]string{}},
		"v1": {mountsV1, "4:pids:/a\n3:memory:/b\n2:cpuacct,cpu:/c:d\n1:name=systemd:/e\n", cgroup.V1, map[string]string{
			"/sys/fs/cgroup/cpu,cpuacct": "/c:d", "/sys/fs/cgroup/memory": "/b", "/sys/fs/cgroup/with space": "/a", "/sys/fs/cgroup/systemd": "/e"}},
		"v2 of systemd": {mountV2, "0::/user.slice/user-1000.slice/session-3.scope\n", cgroup.V2,
			map[string]string{"/sys/fs/cgroup": "/user.slice/user-1000.slice/session-3.scope"}},
		"hybrid": {mountsV1 + mountUnified, "3:memory:/b\n0::/u\n", cgroup.Hybrid, map[string]string{
			"/sys/fs/cgroup/cpu,cpuacct": "/", "/sys/fs/cgroup/memory": "/b", "/sys/fs/cgroup/with space": "/", "/sys/fs/cgroup/systemd": "/",
			"/sys/fs/cgroup/unified": "/u"}},
		"WSL2": {mountUnified + "60 31 0:40 / /sys/fs/cgroup/cpu rw,nosuid - cgroup cpu rw,cpu\n", "0::/\n1:cpu:/\n", cgroup.Hybrid,
			map[string]string{"/sys/fs/cgroup/unified": "/", "/sys/fs/cgroup/cpu": "/"}},
		"in a container, no cgroup namespace": {
			"33 25 0:30 /docker/f00 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", "3:memory:/docker/f00/x\n", cgroup.V1,
			map[string]string{"/sys/fs/cgroup/memory": "/x"}},
		"the same name is no prefix": {"33 25 0:30 /docker/f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", "3:memory:/docker/f00\n",
			cgroup.V1, map[string]string{"/sys/fs/cgroup/memory": "/"}},
		"outside of the cgroup namespace": {mountV2, "0::/../other\n", cgroup.V2, map[string]string{"/sys/fs/cgroup": "/"}},
		"mounted twice": {"33 25 0:30 /a /part rw - cgroup cgroup rw,memory\n34 25 0:30 / /whole rw - cgroup cgroup rw,memory\n",
			"3:memory:/a/b\n", cgroup.V1, map[string]string{"/whole": "/a/b"}},
		"broken lines": {"x\n1 2 - cgroup2 a b\n33 25 0:30 / - cgroup cgroup rw,memory\n - cgroup cgroup\n1 2 3 / /x rw - cgroupfs none rw,cpu\n",
			"::\n:\n0:", cgroup.None, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := cgroup.Parse([]byte(test.mounts), []byte(test.own))
			assert.Equal(t, test.mode, m.Mode)
			got := map[string]string{}
			for _, h := range m.Hierarchies {
				got[h.Dir] = h.Own
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestWhereAControllerSits(t *testing.T) {
	m := cgroup.Parse([]byte(mountsV1+mountUnified), nil)
	require.Len(t, m.Hierarchies, 5)
	m.Hierarchies[4].Controllers = []string{"hugetlb", "io"}
	for controller, dir := range map[string]string{
		"cpu": "/sys/fs/cgroup/cpu,cpuacct", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "pids": "/sys/fs/cgroup/with space",
		"hugetlb": "/sys/fs/cgroup/unified", "blkio": "/sys/fs/cgroup/unified", "io": "/sys/fs/cgroup/unified",
		"freezer": "/sys/fs/cgroup/unified", "devices": "/sys/fs/cgroup/unified",
	} {
		require.True(t, m.Has(controller), controller)
		assert.Equal(t, dir, m.Where(controller).Dir, controller)
	}
	assert.False(t, m.Has("cpuset"))
	assert.False(t, (&cgroup.Machine{}).Has("freezer"))
}

func TestDetectThisMachine(t *testing.T) {
	m, err := cgroup.Detect()
	require.NoError(t, err)
	for _, h := range m.Hierarchies {
		assert.DirExists(t, h.Dir)
		assert.FileExists(t, h.Dir+h.Own+"/cgroup.procs")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(mountsV1+mountUnified), []byte("3:memory:/b\n0::/u\n"))
	f.Add([]byte(mountV2), []byte("0::/../x\n"))
	f.Add([]byte(`1 2 3 /\057 /\777\04 - cgroup2 `), []byte("::::"))
	f.Fuzz(func(t *testing.T, mounts, own []byte) {
		m := cgroup.Parse(mounts, own)
		for _, h := range m.Hierarchies {
			assert.Contains(t, []int{1, 2}, h.Version)
			assert.Equal(t, "/", h.Dir[:1])
			assert.Equal(t, "/", h.Own[:1])
			assert.NotContains(t, h.Own+"/", "/../")
		}
	})
}

// live returns the machine under test, and the two that it would be with one version only.
func live(t *testing.T) map[string]*cgroup.Machine {
	t.Helper()
	testenv.Root(t)
	m, err := cgroup.Detect()
	require.NoError(t, err)
	machines := map[string]*cgroup.Machine{"as it is": m}
	for _, version := range []int{1, 2} {
		part := &cgroup.Machine{Mode: cgroup.Mode(version)}
		for _, h := range m.Hierarchies {
			if h.Version == version {
				part.Hierarchies = append(part.Hierarchies, h)
			}
		}
		if m.Mode == cgroup.Hybrid && len(part.Hierarchies) > 0 {
			machines["only "+part.Mode.String()] = part
		}
	}
	return machines
}

// each runs a test on every machine that has all the controllers.
func each(t *testing.T, test func(*testing.T, *cgroup.Machine), controllers ...string) {
	ran := false
	for name, m := range live(t) {
		has := len(m.Hierarchies) > 0
		for _, c := range controllers {
			has = has && m.Has(c)
		}
		if has {
			ran = true
			t.Run(name, func(t *testing.T) { test(t, m) })
		}
	}
	if !ran {
		testenv.Feature(t, "controllers for this test", os.ErrInvalid)
	}
}
