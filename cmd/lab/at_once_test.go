package main_test

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestRestartOfManyEnds restarts many containers that have ended, so that all starts come at once.
func TestRestartOfManyEnds(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	var names []string
	lab := func(args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, binary, append([]string{"--root", root}, args...)...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
	}
	for i := range 24 {
		names = append(names, fmt.Sprintf("many%d", i))
		lab("create", "--name", names[i], "box", "true")
	}
	for range 20 {
		lab(append([]string{"restart", "-t", "0"}, names...)...)
	}
	lab(append([]string{"rm", "-f"}, names...)...)
	assertClean(t, root, "after many restarts")
}

// TestStopMeetsTheNextStart stops containers that their policy starts again and again, whatever it is doing at that moment.
func TestStopMeetsTheNextStart(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	for i := range 40 {
		out, err := exec.Command(binary, "--root", root, "run", "-d", "--name", "again", "--restart", "always", "box", "false").CombinedOutput()
		require.NoError(t, err, string(out))
		time.Sleep(85*time.Millisecond + time.Duration(i)*time.Millisecond)
		out, err = exec.Command(binary, "--root", root, "stop", "again").CombinedOutput()
		require.NoError(t, err, string(out))
		time.Sleep(50 * time.Millisecond)
		out, err = exec.Command(binary, "--root", root, "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", "again").CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, []string{"exited 1 \n", "exited 2 \n", "exited 137 \n", "exited 143 \n"}, string(out))
		out, err = exec.Command(binary, "--root", root, "rm", "again").CombinedOutput()
		require.NoError(t, err, string(out))
	}
	assertClean(t, root, "after many stops")
}
