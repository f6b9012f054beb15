package container_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

var update = flag.Bool("update", false, "write the golden files anew")

const id = "c0ffee0000000000000000000000000000000000000000000000000000000000"

// sample is `lab run --rm IMAGE true` on a machine with the given mount table.
func sample(mountinfo string) *container.Container {
	machine := cgroup.Parse([]byte(mountinfo), nil)
	limits := cgroup.Limits{Devices: cgroup.DefaultDevices()}
	cfg := container.Config{
		ID: id, Args: []string{"true"}, Capabilities: capability.Default, Limits: limits,
		Mounts: []specs.Mount{{Destination: "/data", Type: "bind", Source: "/srv/data", Options: []string{"rbind", "ro"}}},
	}
	return &container.Container{
		ID: id, Spec: cfg.Spec(), Attached: true, Filter: make([]byte, 8*255),
		Files:  []container.File{{Path: "/etc/hosts", Content: "127.0.0.1\tlocalhost\n"}},
		Cgroup: machine.Group("lab/"+id, limits), Machine: machine,
		Root: unionfs.Overlay{
			Lower: []string{"/var/lib/lab/layers/top/diff", "/var/lib/lab/layers/base/diff"},
			Upper: "/var/lib/lab/containers/ID/upper", Work: "/var/lib/lab/containers/ID/work", Target: "/var/lib/lab/merged", Volatile: true,
		},
	}
}

const v1 = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
`

const v2 = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

// The golden files are the course's table of contents: what a container is, call by call.
func TestPlanIsTheGoldenList(t *testing.T) {
	for name, table := range map[string]string{"v1": v1, "v2": v2} {
		t.Run(name, func(t *testing.T) {
			plan, err := sample(table).Plan()
			require.NoError(t, err)
			var text strings.Builder
			why := ""
			for _, op := range plan.All() {
				if op.Why != why {
					why = op.Why
					text.WriteString("# " + why + "\n")
				}
				text.WriteString(op.String() + "\n")
			}
			file := filepath.Join("testdata", "default."+name+".ops")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), text.String(), "run go test ./pkg/container -update, and read the difference")
		})
	}
}

func TestPlanOrder(t *testing.T) {
	plan, err := sample(v1).Plan()
	require.NoError(t, err)
	at := func(call, part string) int {
		for i, op := range plan.Start.Ops {
			if op.Call == call && strings.Contains(op.String(), part) {
				return i
			}
		}
		t.Fatalf("no %s with %q in the plan", call, part)
		return 0
	}
	private, overlay, pivot := at("mount", "MS_PRIVATE"), at("mount", "overlay"), at("pivot_root", "")
	assert.Less(t, private, overlay, "the tree is private before the first mount")
	assert.Less(t, at("write", `"0"`), private, "the process is counted before it does anything")
	assert.Less(t, at("open_tree", "/srv/data"), pivot, "the host's files are opened while there is a host")
	assert.Less(t, pivot, at("move_mount", "/data"), "and attached when there is none")
	assert.Less(t, at("move_mount", "/data"), at("mount", `"proc"`), "no link of the image leads through a /proc that is not there yet")
	assert.Less(t, at("move_mount", "/etc/hosts"), at("mount", `"proc"`))
	assert.Less(t, at("seccomp", ""), at("capset", ""), "a filter without no_new_privs needs a capability")
	assert.Equal(t, "execve", plan.Start.Ops[len(plan.Start.Ops)-1].Call)

	c := sample(v1)
	c.Spec.Process.NoNewPrivileges = true
	plan, err = c.Plan()
	require.NoError(t, err)
	assert.Greater(t, at("seccomp", ""), at("capset", ""), "with it the filter is the last call before execve")
	assert.Equal(t, at("seccomp", "")+1, at("execve", ""))
}

func TestPlanRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*container.Container){
		"mount over / is not allowed: the root is the image's": func(c *container.Container) {
			c.Spec.Mounts = append(c.Spec.Mounts, specs.Mount{Destination: "/../", Type: "tmpfs"})
		},
		`unknown resource limit "RLIMIT_FUN"`: func(c *container.Container) {
			c.Spec.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_FUN"}}
		},
		"too many mounts: a container can have about 240 volumes": func(c *container.Container) {
			for range 300 {
				c.Spec.Mounts = append(c.Spec.Mounts, specs.Mount{Destination: "/x", Type: "bind", Source: "/"})
			}
		},
	} {
		c := sample(v1)
		spoil(c)
		_, err := c.Plan()
		assert.EqualError(t, err, want)
	}
}

func TestMountsReplaceAndFollowEachOther(t *testing.T) {
	bind := func(source, destination string) specs.Mount {
		return specs.Mount{Type: "bind", Source: source, Destination: destination, Options: []string{"rbind"}}
	}
	s := container.Config{Mounts: []specs.Mount{
		bind("/inner", "/data/a/b"), bind("/sys", "/sys"), bind("/old", "/data"), bind("/outer", "/data/"),
	}}.Spec()
	var got []string
	for _, m := range s.Mounts {
		got = append(got, m.Destination+"="+m.Source)
	}
	assert.Equal(t, []string{
		"/proc=proc", "/dev=tmpfs", "/dev/pts=devpts", "/sys=/sys", "/sys/fs/cgroup=cgroup", "/dev/mqueue=mqueue", "/dev/shm=shm",
		"/data=/outer", "/data/a/b=/inner",
	}, got, "one that is replaced keeps its place, and outer ones come before inner ones")
}

// mount(2) refuses a file system on top of itself, and a bind of /sys has the cgroup tree in it.
func TestCgroupsOverTheHostsSys(t *testing.T) {
	for bound, want := range map[bool][]string{false: {"cgroup2"}, true: {"tmpfs", "cgroup2"}} {
		c := sample(v2)
		if bound {
			sys := specs.Mount{Type: "bind", Source: "/sys", Destination: "/sys", Options: []string{"rbind"}}
			c.Spec = container.Config{ID: id, Args: []string{"true"}, Mounts: []specs.Mount{sys}}.Spec()
		}
		plan, err := c.Plan()
		require.NoError(t, err)
		var got []string
		for _, op := range plan.Start.Ops {
			if op.Call == "mount" && strings.Contains(op.String(), `"/sys/fs/cgroup"`) {
				got = append(got, strings.Trim(strings.Split(op.String(), ", ")[2], `"`))
			}
		}
		assert.Equal(t, want, got)
	}
}

func TestNothingIsMadeInADevOfTheHost(t *testing.T) {
	c := sample(v1)
	dev := t.TempDir()
	c.Spec.Mounts = append(c.Spec.Mounts, specs.Mount{Type: "bind", Source: dev, Destination: "/dev", Options: []string{"rbind"}})
	plan, err := c.Plan()
	require.NoError(t, err)
	shown := false
	for _, op := range plan.Start.Ops {
		text := op.String()
		shown = shown || strings.HasPrefix(text, "move_mount") && strings.Contains(text, `"/dev", `)
		if shown {
			assert.NotRegexp(t, `^(mkdirat|mknodat|symlinkat|openat\(.*O_CREAT).*"/dev/`, text)
		}
	}
	assert.True(t, shown)

	c.Init = "/usr/bin/lab"
	_, err = c.Plan()
	assert.ErrorContains(t, err, "an init program and a volume at /dev do not go together")
}

func TestEnvironmentOfManyVariables(t *testing.T) {
	env := []string{"PATH=/own", "NAME", "NAME=1", "A=x\ny"}
	for i := range 200_000 { // compared one by one these would take minutes
		env = append(env, fmt.Sprintf("E%d=x", i))
	}
	s := container.Config{ID: "0123456789abcdef", Env: append(env, "A=last")}.Spec()
	assert.Equal(t, []string{"PATH=/own", "HOSTNAME=0123456789ab", "NAME=1", "A=last", "E0=x"}, s.Process.Env[:5])
	assert.Len(t, s.Process.Env, 200_004)
}
