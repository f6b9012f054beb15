package main_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// A low hard limit of open files: what is possible works, what is not says which limit it is, and a container that was said to run runs.
func TestLowLimitOfOpenFiles(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	lab := func(limit int, args ...string) (string, error) {
		t.Helper()
		shell := []string{"-c", `ulimit -n $1; shift; exec "$@"`, "sh", fmt.Sprint(limit), "timeout", "-s", "KILL", "60", binary, "--root", root}
		out, err := exec.Command("sh", append(shell, args...)...).CombinedOutput()
		return string(out), err
	}
	must := func(limit int, args ...string) string {
		t.Helper()
		out, err := lab(limit, args...)
		require.NoError(t, err, "%d: %v: %s", limit, args, out)
		return out
	}
	out, err := lab(31, "run", "-d", "--name", "none", "box", "sleep", "1000")
	require.Error(t, err)
	assert.Equal(t, "lab: run: the limit of open files (ulimit -n) is 31, and a container that has a monitor beside it needs 32\n", out)
	assert.NotContains(t, must(1024, "ps", "-a"), "none")
	out, err = lab(12, "run", "--rm", "box", "true")
	if err != nil {
		assert.Contains(t, out, "no more than 12 files")
	}
	for _, limit := range []int{32, 64, 256} {
		name := fmt.Sprint("limit", limit)
		must(limit, "run", "-d", "-i", "--name", name, "box", "sh", "-c", "ulimit -n; exec cat")
		must(limit, "run", "-dt", "--name", name+"t", "box", "sh", "-c", "exec sleep 1000")
		must(limit, "run", "-d", "--name", name+"r", "--restart", "on-failure:2", "box", "sh", "-c", "echo again; exit 3")
		assert.Equal(t, fmt.Sprint(limit, "\n"), must(limit, "run", "--rm", "box", "sh", "-c", "ulimit -n"))
		assert.Equal(t, "7\n", must(limit, "run", "--rm", "--ulimit", "nofile=7:7", "box", "sh", "-c", "ulimit -n"))
		assert.Equal(t, fmt.Sprint(limit, "\n"), must(limit, "exec", name, "sh", "-c", "ulimit -n"))
		assert.Equal(t, fmt.Sprint(limit, "\n"), must(limit, "logs", name))
		must(limit, "exec", name+"t", "true")
		must(limit, "restart", "-t", "0", name, name+"t")
		assert.Contains(t, must(limit, "ps"), name+"t")
		require.Eventually(t, func() bool {
			out, _ := lab(limit, "logs", name+"r")
			return strings.Count(out, "again") == 3
		}, 30*time.Second, 50*time.Millisecond, "it is not started again")
	}
	attachMany(t, root, "limit32", 12)
	var names []string
	for i := range 60 {
		names = append(names, fmt.Sprint("many", i))
		must(1024, "create", "--name", names[i], "box", "true")
	}
	assert.Equal(t, 60, strings.Count(must(32, "ps", "-a"), "many"))
	must(1024, append([]string{"rm", "-f"}, names...)...)
	for _, limit := range []int{32, 64, 256} {
		name := fmt.Sprint("limit", limit)
		must(limit, "rm", "-f", name, name+"t", name+"r")
	}
	assertClean(t, root, "after low limits")
}

// attachMany attaches more people than there is room for: all of them are served, or told.
func attachMany(t *testing.T, root, name string, people int) {
	t.Helper()
	var commands []*exec.Cmd
	var texts []*bytes.Buffer
	for range people {
		cmd, text := exec.Command(testenv.Lab(t), "--root", root, "attach", "--no-stdin", name), &bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = text, text
		require.NoError(t, cmd.Start())
		commands, texts = append(commands, cmd), append(texts, text)
	}
	ended := make(chan struct{}, people)
	for _, cmd := range commands {
		go func() { _ = cmd.Wait(); ended <- struct{}{} }()
	}
	for range people - 8 { // who is told ends at once; the others are attached by then
		select {
		case <-ended:
		case <-time.After(time.Minute):
			assert.Fail(t, "nobody is told that there is no room")
		}
	}
	labOutput(t, root, "kill", name)
	for range 8 {
		<-ended
	}
	served, told := 0, 0
	for i, cmd := range commands {
		switch cmd.ProcessState.ExitCode() {
		case 137:
			served++
		case 1:
			assert.Contains(t, texts[i].String(), "8 are attached already")
			told++
		default:
			assert.Fail(t, "neither", "%s", texts[i])
		}
	}
	assert.Equal(t, 8, served)
	assert.Equal(t, people-8, told)
}
