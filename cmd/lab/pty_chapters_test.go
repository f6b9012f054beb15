package main_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestChaptersFitATerminal runs the chapters' pictures and tables in a terminal of 80 columns. A line that is longer would take
// two there, and the next picture of `cgroup watch` would begin too low.
func TestChaptersFitATerminal(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, dir := testenv.Lab(t), t.TempDir()
	run := func(args ...string) string {
		p := newPTY(t)
		p.size(24, 80)
		cmd := exec.Command(binary, append([]string{"--root", filepath.Join(dir, "store")}, args...)...)
		cmd.Dir, cmd.Stdout = dir, p.slave
		require.NoError(t, cmd.Run(), args)
		_, _ = p.slave.WriteString("that is all")
		p.waitFor("that is all")
		text := regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`).ReplaceAllString(p.text(), "")
		for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
			assert.LessOrEqual(t, len([]rune(line)), 80, "%q: %s", args, line)
		}
		return p.text()
	}
	name := "script-" + strings.Repeat("fits-", 10)
	t.Cleanup(func() { _ = exec.Command(binary, "--root", dir, "cgroup", "rm", "-f", name).Run() })
	assert.Contains(t, run("cgroup", "create", name, "-m", "64m", "--cpus", "0.5"), "memory.max")
	run("cgroup", "stat", name)
	picture := run("cgroup", "watch", "-n", "2", "--interval", "20ms", name)
	assert.Contains(t, picture, "\x1b[8A", "the second picture is drawn over the first, which has eight lines")
	assert.Regexp(t, `cpu quota +cpu\.cfs_quota_us\*? +cpu\.max`, picture)
	run("cgroup", "rm", name)

	run("unionfs", "copy", "box", "rootfs")
	run("chroot", "--escape", "rootfs")
	kept := filepath.Join(dir, strings.Repeat("kept-", 20))
	run("ns", "unshare", "-n="+kept, "true")
	for _, by := range []string{"process", "owner", "parent"} {
		run("ns", "tree", "--by", by)
	}
	run("ns", "ls", "-t", "net")
	require.NoError(t, exec.Command(binary, "ns", "rm", kept).Run())
}

// TestRunLeavesWhatOthersMade makes a group by name while a run with the same name is about to: the run fails, and what it takes
// back is not the other's.
func TestRunLeavesWhatOthersMade(t *testing.T) {
	testenv.Root(t)
	binary, root, name := testenv.Lab(t), t.TempDir(), "script-taken"
	lab := func(args ...string) *exec.Cmd {
		return exec.Command(binary, append([]string{"--root", root}, args...)...)
	}
	p := newPTY(t)
	p.size(24, 80)
	run := lab("cgroup", "run", "--step", name, "true")
	run.Stdin, run.Stdout, run.Stderr = p.slave, p.slave, p.slave
	run.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, run.Start())
	p.waitFor("[Enter]")
	require.NoError(t, lab("cgroup", "create", name).Run())
	t.Cleanup(func() { _ = lab("cgroup", "rm", "-f", name).Run() })
	p.typing(strings.Repeat("\n", 200))
	require.Error(t, run.Wait())
	p.waitFor("exists")
	out, err := lab("cgroup", "ls", "-q").Output()
	require.NoError(t, err)
	assert.Equal(t, name+"\n", string(out))
	assert.NoError(t, lab("cgroup", "rm", name).Run())
	assertClean(t, root, "after the run that failed")
}
