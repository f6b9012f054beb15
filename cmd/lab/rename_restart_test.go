package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/container"
)

// TestRenameWhileThePolicyRestarts gives a container one name after the other, while its monitor writes down starts and ends: no name is
// lost, and none is kept twice. Each record that is changed is changed under the lock on its directory.
func TestRenameWhileThePolicyRestarts(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	lab := func(args ...string) string {
		out, err := exec.Command(binary, append([]string{"--root", root}, args...)...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
		return string(out)
	}
	id := strings.TrimSpace(lab("create", "--name", "name0", "--restart", "on-failure:40", "box", "sh", "-c", "exit 1"))
	dir := root + "/containers/" + id
	starts, i := 0, 0
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		if state, err := container.ReadState(dir); err == nil && !state.Alive() && i%7 == 0 {
			lab("stop", "-t", "0", id)
			lab("start", id) // so that the delays stay short
			starts++
		}
		name := fmt.Sprintf("name%d", i+1)
		lab("rename", id, name)
		i++
		state, err := container.ReadState(dir)
		require.NoError(t, err)
		require.Equal(t, name, state.Name, "after %d renames", i)
	}
	time.Sleep(300 * time.Millisecond) // a start that was in progress writes its record
	entries, err := os.ReadDir(root + "/names")
	require.NoError(t, err)
	require.Len(t, entries, 1, "%d renames, %d starts by hand", i, starts)
	assert.Equal(t, fmt.Sprintf("name%d", i), entries[0].Name())
	assert.Equal(t, entries[0].Name()+"\n", lab("ps", "-a", "--format", "{{.Names}}"))
	lab("rm", "-f", entries[0].Name())
	assertClean(t, root, "in the end")
}
