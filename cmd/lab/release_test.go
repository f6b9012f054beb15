package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestMonitorThatCannotBeReleased makes the last step of a start fail: the program runs already, and only its monitor has not been told to
// go on. The container is ended again, and nothing is left in the kernel.
func TestMonitorThatCannotBeReleased(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	lab := func(fault string, args ...string) (string, error) {
		cmd := exec.Command(binary, append([]string{"--root", root}, args...)...)
		cmd.Env = append(os.Environ(), "LAB_TEST_FAULT="+fault)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	plan, err := lab("", "run", "-d", "--dry-run", "box", "sleep", "1000")
	require.NoError(t, err)
	out, err := lab("", "create", "--name", "later", "box", "sleep", "1000")
	require.NoError(t, err)
	id := strings.TrimSpace(out)
	groups := func() []string {
		found, _ := filepath.Glob("/sys/fs/cgroup/*/" + os.Getenv("LAB_CGROUP_PARENT") + "/" + id)
		return found
	}
	hit := 0
	for n := lastCall(plan); n < lastCall(plan)+40 && hit == 0; n++ { // the plan does not number the calls of the process between
		out, err := lab(fmt.Sprintf("fail:%d:EIO", n), "start", "later")
		if strings.Contains(out, "release the container's monitor") {
			hit++
			require.Error(t, err)
			assert.Empty(t, groups(), "the start itself cleans up")
			assert.NoFileExists(t, root+"/ledger/"+id)
			out, err = lab("", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", "later")
			require.NoError(t, err, out)
			assert.Equal(t, "exited 125 release the container's monitor: input/output error\n", out)
		}
		out, err = lab("", "stop", "-t", "0", "later")
		require.NoError(t, err, out)
	}
	assert.Equal(t, 1, hit, "the fault happened")

	hit = 0
	for n := lastCall(plan); n < lastCall(plan)+40 && hit == 0; n++ {
		out, err := lab(fmt.Sprintf("fail:%d:EIO", n), "run", "-d", "--name", "now", "box", "sleep", "1000")
		if strings.Contains(out, "release the container's monitor") {
			hit++
			require.Error(t, err)
			assert.NoDirExists(t, root+"/names/now")
		}
		out, err = lab("", "rm", "-f", "now")
		require.NoError(t, err, out)
	}
	assert.Equal(t, 1, hit, "the fault happened")
	out, err = lab("", "rm", "later")
	require.NoError(t, err, out)
	assertClean(t, root, "in the end")
}
