package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// inBackground starts a container and waits until it runs. When the test ends it is killed and removed.
func inBackground(t *testing.T, root, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(testenv.Lab(t), append([]string{"--root", root, "run", "--name", name}, args...)...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	require.NoError(t, cmd.Start())
	var once sync.Once
	wait := func() { once.Do(func() { _ = cmd.Wait() }) }
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		wait()
		_ = exec.Command(testenv.Lab(t), "--root", root, "rm", "-f", name).Run()
	})
	require.Eventually(t, func() bool {
		return exec.Command(testenv.Lab(t), "--root", root, "exec", name, "true").Run() == nil
	}, 20*time.Second, 20*time.Millisecond, "%s does not run: %s", name, errors.String())
	return cmd
}

func labOutput(t *testing.T, root string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Lab(t), append([]string{"--root", root}, args...)...).CombinedOutput()
	require.NoError(t, err, "lab %v: %s", args, out)
	return string(out)
}

const untilKilled = "trap 'exit 0' TERM; while :; do sleep 0.2; done"

func TestExecTerminal(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	inBackground(t, root, "terminal", "box", "sh", "-c", untilKilled)
	terminalBehaves(t, "/dev/pts/", "--root", root, "exec", "-it", "terminal", "sh")
}

func TestExecTerminalIsRestoredWhenTheContainerEnds(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	container := inBackground(t, root, "ends", "box", "sh", "-c", untilKilled)
	p := newPTY(t)
	before := p.modes()
	cmd := p.run("--root", root, "exec", "-it", "ends", "sh")
	p.waitFor("# ")
	require.NoError(t, container.Process.Signal(unix.SIGTERM))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Contains(t, []int{129, 137}, exit.ExitCode(), "killed with the others, or hung up")
	assert.Equal(t, before, p.modes())
}

// The program lives on without its terminal, and need not wait for anybody to read what it prints.
func TestExecDetachKeys(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	inBackground(t, root, "detach", "box", "sh", "-c", untilKilled)
	p := newPTY(t)
	before := p.modes()
	cmd := p.run("--root", root, "exec", "-it", "--detach-keys", "ctrl-x,y", "detach", "sh", "-c",
		"cat & i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; sleep 0.5; echo done > /tmp/done; sleep 1000")
	p.waitFor("0123456789")
	p.typing("\x18z") // not the keys
	time.Sleep(50 * time.Millisecond)
	p.typing("\x18y")
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Equal(t, before, p.modes())
	require.Eventually(t, func() bool { return strings.Contains(p.text(), "read escape sequence") }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		return exec.Command(testenv.Lab(t), "--root", root, "exec", "detach", "cat", "/tmp/done").Run() == nil
	}, 20*time.Second, 50*time.Millisecond, "it does not go on")
}

// A lab that is killed takes along the program that it waits for; one that is detached stays.
func TestExecWhenLabIsKilled(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	inBackground(t, root, "killed", "box", "sh", "-c", untilKilled)
	labOutput(t, root, "exec", "-d", "killed", "sleep", "3333")
	cmd := exec.Command(testenv.Lab(t), "--root", root, "exec", "killed", "sleep", "4444")
	require.NoError(t, cmd.Start())
	processes := func() string { return labOutput(t, root, "exec", "killed", "ps") }
	require.Eventually(t, func() bool { return strings.Contains(processes(), "sleep 4444") }, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool { return !strings.Contains(processes(), "sleep 4444") }, 20*time.Second, 20*time.Millisecond)
	assert.Contains(t, processes(), "sleep 3333")
}

// The kernel may be killed at, or refuse, any call of an exec: the container never notices.
func TestExecFaults(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	inBackground(t, root, "faults", "box", "sh", "-c", untilKilled)
	plan := strings.Split(labOutput(t, root, "exec", "--dry-run", "faults", "true"), "\n")
	calls := 0
	for _, line := range plan {
		if len(line) > 6 && strings.TrimSpace(line[:4]) != "" && line[4:6] == "  " {
			calls++
		}
	}
	require.Greater(t, calls, 20)
	for n := 1; n <= calls; n += 3 {
		for _, fault := range []string{"fail:%:EIO", "kill:%", "killchild:%"} {
			cmd := exec.Command(testenv.Lab(t), "--root", root, "exec", "faults", "true")
			cmd.Env = append(os.Environ(), "LAB_TEST_FAULT="+strings.ReplaceAll(fault, "%", strconv.Itoa(n)))
			_ = cmd.Run()
		}
	}
	var out string
	assert.Eventually(t, func() bool { // the machine's init reaps what killed labs left
		out = labOutput(t, root, "exec", "faults", "ps")
		return strings.Count(out, "\n") == 4
	}, 20*time.Second, 50*time.Millisecond, "the header, the container's two, and ps itself")
	assert.Equal(t, 4, strings.Count(out, "\n"), out)
}

func TestExecFiftyAtOnce(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	inBackground(t, root, "fifty", "box", "sh", "-c", untilKilled)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			out, err := exec.Command(testenv.Lab(t), "--root", root, "exec", "fifty", "sh", "-c", "echo $(("+strconv.Itoa(i)+"+1))").CombinedOutput()
			assert.NoError(t, err, string(out))
			assert.Equal(t, strconv.Itoa(i+1)+"\n", string(out))
		})
	}
	wg.Wait()
}
