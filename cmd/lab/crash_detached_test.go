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
)

// TestEveryCallOfADetachedStart goes through the calls of `lab run -d`, those of the process beside the container included. After each the
// container runs or it is not there; the next commands work, and rm -f leaves nothing.
func TestEveryCallOfADetachedStart(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	out, err := exec.Command(binary, "--root", root, "run", "-d", "--dry-run", "box", "sleep", "1000").CombinedOutput()
	require.NoError(t, err, string(out))
	calls := lastCall(string(out))
	require.Greater(t, calls, 120)
	ran, failed := 0, 0
	stride := strideHere(t, binary, root)
	for n := 1; n <= calls; n += stride {
		faults := []string{"kill:%d", "fail:%d:EIO", "killchild:%d"}
		if n%3 != 0 {
			faults = faults[n%2 : n%2+1] // all kinds at each third call, one at the others
		}
		for _, kind := range faults {
			fault := fmt.Sprintf(kind, n)
			run := exec.Command(binary, "--root", root, "run", "-d", "--name", "web", "box", "sleep", "1000")
			run.Env = append(os.Environ(), "LAB_TEST_FAULT="+fault)
			_ = run.Run()
			names := settledNames(t, binary, root)
			if names == "" {
				failed++
				assertClean(t, root, "after "+fault)
				continue
			}
			ran++
			require.Equal(t, "web\n", names, fault)
			out, err := exec.Command(binary, "--root", root, "rm", "-f", "web").CombinedOutput()
			require.NoError(t, err, "after %s: %s", fault, out)
			assertClean(t, root, "after "+fault+" and rm -f")
		}
	}
	assert.Greater(t, failed, calls/3/stride, "the faults happen")
	t.Logf("%d faults ended the start, %d did not", failed, ran)
}

// strideHere is 1, and more where a lab takes long: an emulated machine would be busy with all calls for a quarter of an hour. The strides
// have no divisor in common with what the tests change from call to call.
func strideHere(t *testing.T, binary, root string) int {
	begin := time.Now()
	require.NoError(t, exec.Command(binary, "--root", root, "run", "--rm", "box", "true").Run())
	if took := time.Since(begin); took > 400*time.Millisecond {
		t.Logf("a container takes %v here: every seventh call is tried", took.Round(time.Millisecond))
		return 7
	}
	return 1
}

// settledNames asks twice: the first command finishes what a dead lab left, and a process that was killed a moment ago may still hold a lock.
func settledNames(t *testing.T, binary, root string) string {
	t.Helper()
	var out []byte
	for try := range 20 {
		var err error
		out, err = exec.Command(binary, "--root", root, "ps", "-a", "--format", "{{.Names}}").Output()
		require.NoError(t, err, string(out))
		ledgers, _ := os.ReadDir(root + "/ledger")
		running, _ := exec.Command(binary, "--root", root, "ps", "-q").Output()
		if len(ledgers) == strings.Count(string(running), "\n") {
			break
		}
		time.Sleep(time.Duration(try+1) * 5 * time.Millisecond)
	}
	return string(out)
}

func lastCall(text string) int {
	last := 0
	for line := range strings.Lines(text) {
		var n int
		if _, err := fmt.Sscanf(line, "%4d  ", &n); err == nil && strings.HasPrefix(line, fmt.Sprintf("%4d  ", n)) {
			last = max(last, n)
		}
	}
	return last
}

// TestMonitorDiesWhilePuttingInOrder kills what a monitor becomes in the end at each of its calls, and fails each call in turn.
func TestMonitorDiesWhilePuttingInOrder(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	for n := 1; n <= 12; n++ {
		for _, kind := range []string{"kill:%d", "fail:%d:EIO"} {
			fault := fmt.Sprintf(kind, n)
			run := exec.Command(binary, "--root", root, "run", "--name", "job", "box", "sh", "-c", "exit 3")
			run.Env = append(os.Environ(), "LAB_TEST_FAULT_MONITOR="+fault)
			err := run.Run()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 3, exit.ExitCode(), "the program's own status, after %s", fault)
			require.Equal(t, "job\n", settledNames(t, binary, root))
			out, err := exec.Command(binary, "--root", root, "wait", "job").CombinedOutput()
			require.NoError(t, err, string(out))
			require.Equal(t, "3\n", string(out), "and it is not lost, after %s", fault)
			out, err = exec.Command(binary, "--root", root, "rm", "job").CombinedOutput()
			require.NoError(t, err, string(out))
			assertClean(t, root, "after "+fault)
		}
	}
}

// TestManyCommandsOnTheSameContainers lets two hundred commands loose on ten containers.
func TestManyCommandsOnTheSameContainers(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	lab := func(args ...string) (string, error) {
		out, err := exec.Command(binary, append([]string{"--root", root}, args...)...).CombinedOutput()
		return string(out), err
	}
	for i := range 10 {
		out, err := lab("run", "-d", "--name", fmt.Sprintf("many%d", i), "box", "sleep", "1000")
		require.NoError(t, err, out)
	}
	verbs := [][]string{{"start"}, {"stop", "-t", "0"}, {"exec", "", "true"}, {"rename"}, {"restart", "-t", "0"}, {"kill"}, {"rm", "-f"}, {"pause"}, {"unpause"}, {"logs"}}
	type result struct{ command, out string }
	results := make(chan result, 200)
	for i := range 200 {
		verb, name := verbs[i/10%len(verbs)], fmt.Sprintf("many%d", i%10)
		args := append([]string{}, verb...)
		switch verb[0] {
		case "exec":
			args[1] = name
		case "rename":
			args = append(args, name, fmt.Sprintf("many%d", (i+3)%10))
		default:
			args = append(args, name)
		}
		go func() {
			out, _ := lab(args...)
			results <- result{strings.Join(args, " "), out}
		}()
	}
	for range 200 {
		select {
		case r := <-results:
			assert.NotContains(t, r.out, "panic", r.command)
			assert.NotContains(t, r.out, "goroutine", r.command)
			assert.NotContains(t, r.out, "cannot be read", r.command)
		case <-time.After(3 * time.Minute):
			t.Fatal("a command hangs")
		}
	}
	out, err := lab("ps", "-aq")
	require.NoError(t, err, out)
	if ids := strings.Fields(out); len(ids) > 0 {
		out, err = lab(append([]string{"rm", "-f"}, ids...)...)
		require.NoError(t, err, out)
	}
	assertClean(t, root, "in the end")
}
