package main_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// A first process without handlers is deaf for signals from its terminal: who is attached gets away, and it runs on.
func TestThirdInterruptLeavesTheContainer(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	labOutput(t, root, "create", "-i", "--name", "deaf", "box", "sleep", "1000")
	t.Cleanup(func() { labOutput(t, root, "rm", "-f", "deaf") })
	attached := 0
	for _, args := range [][]string{{"start", "-ai", "deaf"}, {"attach", "deaf"}} {
		for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM} {
			cmd, text := exec.Command(testenv.Lab(t), append([]string{"--root", root}, args...)...), &bytes.Buffer{}
			cmd.Stderr = text
			input, err := cmd.StdinPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			attached++
			require.Eventually(t, func() bool {
				return strings.Count(labOutput(t, root, "events", "--since", "1h", "--until", "0s", "--filter", "event=attach"), "attach") == attached
			}, 20*time.Second, 10*time.Millisecond)
			time.Sleep(300 * time.Millisecond) // it listens to signals just after it has said so
			ended := make(chan error)
			go func() { ended <- cmd.Wait() }()
			deadline := time.After(20 * time.Second)
			for waiting := true; waiting; {
				_ = cmd.Process.Signal(sig)
				select {
				case <-ended:
					waiting = false
				case <-deadline:
					_ = cmd.Process.Kill()
					require.Fail(t, "there is no way out")
				case <-time.After(100 * time.Millisecond):
				}
			}
			_ = input.Close()
			assert.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v %v: %s", args, sig, text)
			assert.Equal(t, "lab: container deaf did not end when asked three times, and runs on: lab kill deaf ends it\n", text.String())
			assert.Equal(t, "true\n", labOutput(t, root, "inspect", "-f", "{{.State.Running}}", "deaf"))
		}
	}
}
