package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// verdict is a testing.TB that notes how a gate ended the test, instead of ending it.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Helper()                      {}
func (v *verdict) Name() string                 { return "TestX" }
func (v *verdict) Skip(a ...any)                { v.said = "skip: " + fmt.Sprint(a...) }
func (v *verdict) Fatalf(f string, args ...any) { v.said = "fatal: " + fmt.Sprintf(f, args...) }

func TestFeature(t *testing.T) {
	for name, c := range map[string]struct {
		required string
		err      error
		want     string
	}{
		"there":                {"", nil, ""},
		"absent":               {"", fmt.Errorf("clone3: %w", unix.ENOSYS), "skip: this machine has no X: clone3: function not implemented"},
		"absent and required":  {"1", unix.ENOSYS, "fatal: this machine has no X: function not implemented (LAB_REQUIRE_ROOT=1 makes this an error)"},
		"unknown file system":  {"", unix.ENODEV, "skip: this machine has no X: no such device"},
		"an error of the test": {"", unix.EINVAL, "fatal: probe X: invalid argument"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LAB_REQUIRE_ROOT", c.required)
			t.Setenv("LAB_TEST_SKIPS", "")
			v := &verdict{}
			Feature(v, "X", c.err)
			assert.Equal(t, c.want, v.said)
		})
	}
}

func TestHaveIsNeverRequired(t *testing.T) {
	t.Setenv("LAB_REQUIRE_ROOT", "1")
	t.Setenv("LAB_TEST_SKIPS", "")
	v := &verdict{}
	assert.Empty(t, Have(v, "no-such-program"))
	assert.Equal(t, "skip: no-such-program is not installed", v.said)
	assert.True(t, filepath.IsAbs(Have(t, "sh")))
}

func TestOlder(t *testing.T) {
	for release, want := range map[string]bool{
		"6.1.0-25-amd64": true, "5.15.90.1-microsoft-standard-WSL2": true, "6.6.9": true,
		"6.7.0": false, "6.18.44": false, "7.0-rc1": false, "odd": false,
	} {
		assert.Equal(t, want, older(release, 6, 7), release)
	}
	t.Setenv("LAB_REQUIRE_ROOT", "1")
	t.Setenv("LAB_TEST_SKIPS", "")
	v := &verdict{}
	Linux(v, 999, 0, "the last feature")
	assert.Contains(t, v.said, "skip: the last feature came with Linux 999.0, this is ")
}

func TestSkipsAreWrittenDown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skips")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("LAB_TEST_SKIPS", file)
	skip(&verdict{}, "no such thing")
	skip(&verdict{}, "nor such")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "TestX: no such thing\nTestX: nor such\n", string(text))
}

// The probes give their true answers only on a machine that has everything, so what is checked
// is that they come to one and leave nothing, which Main sees to.
func TestProbes(t *testing.T) {
	t.Run("overlay", func(t *testing.T) { Overlay(t) })
	t.Run("user namespaces", func(t *testing.T) { UserNamespaces(t) })
	t.Run("cgroup v1", func(t *testing.T) { assert.DirExists(t, CgroupV1(t, "pids")) })
	t.Run("cgroup v2", func(t *testing.T) { assert.DirExists(t, CgroupV2(t)) })
	t.Run("cgroup v2 without the controller", func(t *testing.T) {
		Root(t)
		t.Setenv("LAB_TEST_SKIPS", "")
		v := &verdict{}
		CgroupV2(v, "no-such-controller")
		assert.Contains(t, v.said, "skip: ")
	})
}

func TestNames(t *testing.T) {
	assert.NotEqual(t, Name(), Name())
	assert.True(t, tagged("/sys/fs/cgroup/cpu/"+Name()+"/deeper", tag()))
	for path, want := range map[string]bool{
		"/a/lab-test-47":      true,
		"/a/lab-test-47/b":    true,
		"/a/lab-test-47-2":    true,
		"/a/lab-test-471":     false,
		"/a/my-lab-test-47":   false,
		"/a/lab-test-4":       false,
		"/lab-test-47.scope/": true,
	} {
		assert.Equal(t, want, tagged(path, "lab-test-47"), path)
	}
}

func TestParseMount(t *testing.T) {
	for line, want := range map[string]mount{
		"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n":               {"/sys/fs/cgroup", "tmpfs", "tmpfs", "rw,mode=755"},
		"36 35 98:0 /m1 /m\\040t\\134 rw shared:1 master:2 - ext3 /dev/root rw,errors=cont": {"/m t\\", "ext3", "/dev/root", "rw,errors=cont"},
	} {
		got, ok := parseMount(line)
		require.True(t, ok)
		assert.Equal(t, want, got)
	}
	for _, line := range []string{"", " - ", "1 2 3 - a b c", "31 23 0:28 / /x rw - tmpfs"} {
		_, ok := parseMount(line)
		assert.False(t, ok, line)
	}
}

func TestParent(t *testing.T) {
	assert.Equal(t, os.Getppid(), parent([]byte(fmt.Sprintf("12 (a) b) c) S %d 1 1", os.Getppid()))))
	assert.Zero(t, parent([]byte("12 (a)")))
	assert.Zero(t, parent(nil))
}
