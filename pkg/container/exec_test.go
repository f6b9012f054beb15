package container_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/seccomp"
	"github.com/container-labs/lab/pkg/container"
)

// sampleExec is `lab exec CONTAINER true` in the container of sample.
func sampleExec(mountinfo string) *container.Exec {
	c := sample(mountinfo)
	return &container.Exec{
		PID: 4711, PIDFD: 5, Null: 7, Attached: true, Cgroup: c.Cgroup, Filter: c.Filter,
		Namespaces: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP,
		Process:    container.ExecProcess(*c.Spec.Process, container.ExecOptions{Args: []string{"true"}}),
	}
}

func listed(t *testing.T, ops []kernel.Op) string {
	t.Helper()
	var text strings.Builder
	why := ""
	for _, op := range ops {
		if op.Why != why {
			why = op.Why
			text.WriteString("# " + why + "\n")
		}
		text.WriteString(op.String() + "\n")
	}
	return text.String()
}

func TestExecPlanIsTheGoldenList(t *testing.T) {
	for name, table := range map[string]string{"v1": v1, "v2": v2} {
		ops, err := sampleExec(table).Plan()
		require.NoError(t, err)
		file := filepath.Join("testdata", "exec."+name+".ops")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(listed(t, ops)), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), listed(t, ops), "run go test ./pkg/container -update, and read the difference")
	}
}

// Before the process is in the container nobody may look into it, and before it executes it has lost what it may not keep.
func TestExecPlanOrder(t *testing.T) {
	e := sampleExec(v1)
	e.Namespaces |= unix.CLONE_NEWUSER
	e.Process.Terminal, e.Process.NoNewPrivileges = true, true
	ops, err := e.Plan()
	require.NoError(t, err)
	text := listed(t, ops)
	last := -1
	for _, call := range []string{
		"prctl(PR_SET_DUMPABLE, 0)", `/tasks"`, "setns(5, ", "setresuid(0, 0, 0)", "/dev/pts/ptmx", "PR_CAPBSET_DROP", "capset(",
		"PR_SET_NO_NEW_PRIVS", "close_range(3", "seccomp(", "execve(",
	} {
		at := strings.LastIndex(text, call)
		if call == "setresuid(0, 0, 0)" || call == "PR_CAPBSET_DROP" || call == "execve(" {
			at = strings.Index(text, call)
		}
		require.Greater(t, at, last, "%s\n%s", call, text)
		last = at
	}
	assert.NotContains(t, text, "CLONE_NEWPID", "it is born there")
}

func TestExecProcess(t *testing.T) {
	umask := uint32(0o77)
	first := specs.Process{
		Args: []string{"first"}, Env: []string{"PATH=/bin", "A=1", "HOME=/root"}, Cwd: "/srv", User: specs.User{UID: 1, Umask: &umask},
		NoNewPrivileges: true, Capabilities: &specs.LinuxCapabilities{},
	}
	p := container.ExecProcess(first, container.ExecOptions{Args: []string{"x"}})
	assert.Equal(t, first.Env, p.Env)
	assert.Equal(t, "/srv", p.Cwd)
	assert.Equal(t, first.User, p.User)
	assert.True(t, p.NoNewPrivileges)
	assert.False(t, p.Terminal)
	p = container.ExecProcess(first, container.ExecOptions{
		Args: []string{"x"}, Env: []string{"A=2", "HOME=/given", "TERM=dumb"}, TTY: true, Cwd: "/", User: &specs.User{UID: 7}, Home: "/seven", Privileged: true,
	})
	assert.Equal(t, []string{"TERM=dumb", "PATH=/bin", "A=2", "HOME=/given"}, p.Env)
	assert.Equal(t, uint32(7), p.User.UID)
	assert.Equal(t, &umask, p.User.Umask)
	assert.NotEmpty(t, p.Capabilities.Bounding)
	assert.Equal(t, []string{"first"}, first.Args)
	assert.Equal(t, "/root", container.Home(first.Env))
}

// config.json is read with Docker's profile cut out of it, and changed without touching a byte of the rest.
func TestConfigReadAndChanged(t *testing.T) {
	dir := t.TempDir()
	c := sample(v1)
	c.FilterJSON = seccomp.DefaultJSON()
	c.Spec.Process.Env = []string{`X="resources":{"a":1}`, `Y="linux":{"seccomp":`}
	file := filepath.Join(dir, "config.json")
	require.NoError(t, container.WriteSpec(file, c))
	first, err := container.ReadFirst(dir)
	require.NoError(t, err)
	assert.Equal(t, c.Spec.Process.Env, first.Process.Env)
	assert.NotEmpty(t, first.Filter.Code)
	before, err := os.ReadFile(file)
	require.NoError(t, err)

	limits, err := container.ReadLimits(dir)
	require.NoError(t, err)
	was := limits
	limits.Memory, limits.PIDs, limits.CPUQuota, limits.CPUPeriod = 64<<20, 9, 50_000, 100_000
	require.NoError(t, container.WriteLimits(dir, limits))
	again, err := container.ReadLimits(dir)
	require.NoError(t, err)
	assert.Equal(t, limits, again)
	require.NoError(t, container.WriteLimits(dir, was))
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))

	// a profile of one's own is compiled
	c.FilterJSON = ""
	c.Spec.Linux.Seccomp = &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Syscalls: []specs.LinuxSyscall{{Names: []string{"ptrace"}, Action: specs.ActErrno}}}
	require.NoError(t, container.WriteSpec(file, c))
	own, err := container.ReadFirst(dir)
	require.NoError(t, err)
	assert.NotEqual(t, first.Filter.Code, own.Filter.Code)
	spec, err := container.ReadSpec(dir)
	require.NoError(t, err)
	assert.Equal(t, c.Spec.Hostname, spec.Hostname)
	_, err = json.Marshal(spec)
	require.NoError(t, err)
}

// What stands at /dev/null in a hostile container is looked at before it is opened.
func TestOpenNullAndReadInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(dir+"/dev", 0o755))
	require.NoError(t, os.WriteFile(outside+"/secret", []byte("secret"), 0o600))
	root, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(root)
	for name, make := range map[string]func(string) error{
		"nothing":   func(string) error { return nil },
		"a file":    func(p string) error { return os.WriteFile(p, nil, 0o666) },
		"a FIFO":    func(p string) error { return unix.Mkfifo(p, 0o666) },
		"a link":    func(p string) error { return os.Symlink(outside+"/secret", p) },
		"a magic":   func(p string) error { return os.Symlink("/proc/self/fd/0", p) },
		"directory": func(p string) error { return os.Mkdir(p, 0o755) },
	} {
		require.NoError(t, make(dir+"/dev/null"), name)
		_, err := container.OpenNull(root)
		assert.Error(t, err, name)
		_, err = container.ReadInside(root, "dev/null")
		if name == "a file" {
			assert.NoError(t, err)
		} else {
			assert.Error(t, err, name)
		}
		_ = os.RemoveAll(dir + "/dev/null")
	}
}
