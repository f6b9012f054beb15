package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestEveryCallMayFailOrBeTheLast goes through all calls of a default start: at each one in turn the call fails, the new
// process is killed, or lab itself is. After the next lab command nothing may be left, and that command must work.
func TestEveryCallMayFailOrBeTheLast(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	calls := countCalls(t, binary, root)
	require.Greater(t, calls, 100)
	stride := strideHere(t, binary, root)
	for _, fault := range []string{"fail:%d:EIO", "killchild:%d", "kill:%d"} {
		t.Run(strings.SplitN(fault, ":", 2)[0], func(t *testing.T) {
			failed := 0
			for n := 1; n <= calls; n += stride {
				run := exec.Command(binary, "--root", root, "run", "--rm", "box", "true")
				run.Env = append(os.Environ(), "LAB_TEST_FAULT="+fmt.Sprintf(fault, n))
				if run.Run() != nil {
					failed++
				}
				next, err := exec.Command(binary, "--root", root, "ps", "-a", "-q").CombinedOutput()
				require.NoError(t, err, "after a fault at call %d: %s", n, next)
				require.Empty(t, string(next), "after a fault at call %d", n)
				assertClean(t, root, fmt.Sprintf("after %s at call %d", fault, n))
			}
			assert.Greater(t, failed, calls/2/stride, "the faults happen")
		})
	}
}

func countCalls(t *testing.T, binary, root string) int {
	out, err := exec.Command(binary, "--root", root, "run", "--rm", "--explain", "box", "true").CombinedOutput()
	require.NoError(t, err, string(out))
	last := 0
	for line := range strings.Lines(string(out)) {
		var n int
		if _, err := fmt.Sscanf(line, "%4d  ", &n); err == nil && strings.HasPrefix(line, fmt.Sprintf("%4d  ", n)) {
			last = max(last, n)
		}
	}
	return last
}

func assertClean(t *testing.T, root, when string) {
	t.Helper()
	for _, dir := range []string{"containers", "ledger", "names"} {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		require.NoError(t, err)
		require.Empty(t, entries, "%s %s", dir, when)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	require.NotContains(t, string(mounts), root, when)
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/" + os.Getenv("LAB_CGROUP_PARENT") + "/*")
	for _, g := range groups {
		info, err := os.Stat(g)
		require.False(t, err == nil && info.IsDir(), "group %s %s", g, when)
	}
}

// TestKilledAtRandomTimes kills the running lab with its container in it.
func TestKilledAtRandomTimes(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	for i := range 30 {
		run := exec.Command(binary, "--root", root, "run", "--rm", "box", "sh", "-c", "sleep 1000 & sleep 1000")
		require.NoError(t, run.Start())
		time.Sleep(time.Duration(i*3) * time.Millisecond)
		require.NoError(t, run.Process.Kill())
		_ = run.Wait()
		out, err := exec.Command(binary, "--root", root, "ps").CombinedOutput()
		require.NoError(t, err, string(out))
		assertClean(t, root, fmt.Sprintf("after a kill at %d ms", i*3))
	}
}

// A container that ran keeps its record, its layer and its name, whatever goes wrong after that.
func TestWhatRanIsKept(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	fault := ""
	lab := func(own string, args ...string) (string, error) {
		cmd := exec.Command(binary, append([]string{"--root", root}, args...)...)
		cmd.Env = append(os.Environ(), "LAB_TEST_FAULT="+own, fault)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	fault = "LAB_TEST_FAULT_MONITOR=fail:1:EIO"
	out, err := lab("", "run", "--name", "data", "box", "true")
	fault = ""
	require.NoError(t, err, "the program's own status, though a group could not be removed: %s", out)
	out, err = lab("", "ps", "-a")
	require.NoError(t, err, out)
	assert.Regexp(t, `Exited \(0\) .*data`, out)
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/" + os.Getenv("LAB_CGROUP_PARENT") + "/*-*")
	assert.Empty(t, groups, "and the next command has removed it")

	run := exec.Command(binary, "--root", root, "run", "--name", "killed", "box", "sleep", "1000")
	require.NoError(t, run.Start())
	require.Eventually(t, func() bool { out, _ := lab("", "ps"); return strings.Contains(out, "killed") }, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, run.Process.Kill())
	_ = run.Wait()
	out, err = lab("", "run", "--name", "killed", "box", "true")
	require.Error(t, err, "it lives on without the lab that was attached, and has its name")
	assert.Contains(t, out, "is already in use")
	out, _ = lab("", "ps")
	assert.Regexp(t, `Up .*killed`, out)
	out, err = lab("", "rm", "-f", "killed", "data")
	require.NoError(t, err, out)

	out, _ = lab("kill:50", "run", "--rm", "--name", "gone", "box", "true")
	assert.Empty(t, out)
	out, err = lab("", "run", "--rm", "--name", "gone", "box", "true")
	require.NoError(t, err, "a dead lab's --rm container gives its name up to the next one: %s", out)
	assertClean(t, root, "in the end")
}
