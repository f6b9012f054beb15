package main_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/internal/testenv"
)

// TestOneTooManyIsTold attaches as many as a monitor lets in, and then one more.
func TestOneTooManyIsTold(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	out, err := exec.Command(binary, "--root", root, "run", "-d", "--name", "full", "box", "sleep", "1000").Output()
	require.NoError(t, err)
	dir := root + "/containers/" + string(out[:64])
	for range loop.MaxClients {
		fd, err := monitor.Connect(dir)
		require.NoError(t, err)
		defer unix.Close(fd)
	}
	out, err = exec.Command(binary, "--root", root, "attach", "--no-stdin", "full").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "256 are attached already")
	out, err = exec.Command(binary, "--root", root, "rm", "-f", "full").CombinedOutput()
	require.NoError(t, err, string(out))
	assertClean(t, root, "after a full house")
}
