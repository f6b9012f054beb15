package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// TestNamespacesAgreeWithLsns compares `lab ns ls` with lsns(8), which must say the same twice around it: on a machine where
// processes come and go one try may see another moment than the other.
func TestNamespacesAgreeWithLsns(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "lsns")
	held := exec.Command("unshare", "-muinpf", "sleep", "60")
	require.NoError(t, held.Start())
	t.Cleanup(func() {
		_ = exec.Command("pkill", "-KILL", "-P", strconv.Itoa(held.Process.Pid)).Run()
		_ = held.Wait()
	})
	compared, said := 0, ""
	for try := 0; try < 60 && compared < 3; try++ {
		before := rowsOf(t, "lsns", "--json")
		ours := rowsOf(t, testenv.Lab(t), "ns", "ls", "--json")
		if after := rowsOf(t, "lsns", "--json"); before != after {
			continue
		}
		if ours == before {
			compared++
			continue
		}
		said = fmt.Sprintf("lsns:\n%s\nlab ns ls:\n%s", before, ours)
	}
	if compared == 0 && said == "" {
		t.Skip("the machine's processes did not stand still for a moment")
	}
	assert.NotZero(t, compared, said)
}

// row is what both print of a namespace. lsns hangs those of a child process below its parent's.
type row struct {
	NS       uint64
	Type     string
	NProcs   int
	PID      int
	User     string
	Children []row
}

// rowsOf runs one of the two and returns what it says, in a fixed order; namespaces without a process are lab's own.
func rowsOf(t *testing.T, command ...string) string {
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil && command[0] == "lsns" {
		return fmt.Sprint(err, time.Now().UnixNano()) // a process ended under its eyes: like nothing else, and so asked again
	}
	require.NoError(t, err, command)
	var list struct{ Namespaces []row }
	require.NoError(t, json.Unmarshal(out, &list), string(out))
	var lines []string
	for rows := list.Namespaces; len(rows) > 0; rows = rows[1:] {
		r := rows[0]
		rows = append(rows, r.Children...)
		if r.NProcs > 0 {
			lines = append(lines, fmt.Sprintf("%-6s %d: %d processes, from %d of %s", r.Type, r.NS, r.NProcs, r.PID, r.User))
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}

// TestKilledChaptersLeaveNothing kills each of the commands that run something, and looks for what they made.
func TestKilledChaptersLeaveNothing(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	rootfs := filepath.Join(t.TempDir(), "rootfs")
	lab := func(args ...string) *exec.Cmd {
		cmd := exec.Command(binary, append([]string{"--root", root}, args...)...)
		cmd.Stderr = os.Stderr
		return cmd
	}
	require.NoError(t, lab("unionfs", "copy", "box", rootfs).Run())
	other := lab("ns", "unshare", "-fpmn", "sleep", "600")
	require.NoError(t, other.Start())
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	target := strconv.Itoa(childOf(t, other.Process.Pid))

	for i, args := range [][]string{
		{"chroot", rootfs, "sleep"},
		{"chroot", "--pivot", rootfs, "sleep"},
		{"ns", "unshare", "-n", "sleep"},
		{"ns", "unshare", "-muinpUCf", "-r", "--mount-proc", "sleep"},
		{"ns", "enter", "-t", target, "-n", "sleep"},
		{"ns", "enter", "-t", target, "-m", "-n", "-p", "sleep"},
		{"cgroup", "run", "script-killed", "-m", "64m", "--", "sleep"},
		{"cgroup", "run", "script-killed", "--cpuset-cpus", "0", "--", "sh", "-c", "sleep 600 & exec sleep $0"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			time := fmt.Sprintf("61%d.%d", i, os.Getpid())
			cmd := lab(append(args, time)...)
			require.NoError(t, cmd.Start())
			pid := childOf(t, cmd.Process.Pid)
			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait()
			assert.Eventually(t, func() bool { return ended(pid) }, patience, tick, "the program outlives lab")
			out, err := lab("cgroup", "ls", "-q").Output()
			require.NoError(t, err)
			assert.NotContains(t, string(out), "script-killed")
		})
	}
	assertClean(t, root, "after the kills")
}

const (
	patience = 10 * time.Second
	tick     = 5 * time.Millisecond
)

// childOf waits for the child of a process to have executed its program.
func childOf(t *testing.T, parent int) (pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
		for _, file := range tasks {
			text, _ := os.ReadFile(file)
			if f := strings.Fields(string(text)); len(f) > 0 {
				pid, _ = strconv.Atoi(f[0])
				name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
				return strings.TrimSpace(string(name)) == "sleep"
			}
		}
		return false
	}, patience, tick)
	return pid
}

func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ") || unix.Kill(pid, 0) == unix.ESRCH
}

// TestKilledAtEachCall kills an escape and the making of groups at each of their calls, and a copy at some moments. The next
// command cleans up; a group that was asked for may stay, is listed, and can be removed.
func TestKilledAtEachCall(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	dir := t.TempDir()
	rootfs := filepath.Join(dir, "rootfs")
	lab := func(fault string, args ...string) ([]byte, error) {
		cmd := exec.Command(binary, append([]string{"--root", root}, args...)...)
		cmd.Env = append(os.Environ(), "LAB_TEST_FAULT="+fault)
		return cmd.CombinedOutput()
	}
	_, err := lab("", "unionfs", "copy", "box", rootfs)
	require.NoError(t, err)
	for n := 1; n <= 20; n++ {
		for _, pivot := range []string{"--pivot=false", "--pivot"} {
			_, _ = lab(fmt.Sprintf("kill:%d", n), "chroot", "--escape", pivot, rootfs)
			out, err := lab("", "cgroup", "ls", "-q")
			require.NoError(t, err, string(out))
			require.NoDirExists(t, filepath.Join(rootfs, "breakout"), "killed at call %d", n)
		}
	}
	for n := 1; n <= 40; n++ {
		_, _ = lab(fmt.Sprintf("kill:%d", n), "cgroup", "create", "script-each", "-m", "64m", "--cpuset-cpus", "0")
		out, err := lab("", "cgroup", "ls", "-q")
		require.NoError(t, err, string(out))
		if len(out) > 0 {
			out, err = lab("", "cgroup", "rm", "script-each")
			require.NoError(t, err, string(out))
		}
		_, _ = lab(fmt.Sprintf("kill:%d", n), "cgroup", "run", "script-each", "-m", "64m", "--", "true")
		out, err = lab("", "cgroup", "ls", "-q")
		require.NoError(t, err)
		require.Empty(t, string(out), "run was killed at call %d", n)
		assertClean(t, root, fmt.Sprintf("killed at call %d", n))
	}
	for i := range 12 {
		cmd := exec.Command(binary, "--root", root, "unionfs", "copy", "box", filepath.Join(dir, "copy"))
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(i*4) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		out, err := lab("", "cgroup", "ls", "-q")
		require.NoError(t, err, string(out))
		require.NoDirExists(t, filepath.Join(dir, ".copy.unfinished"))
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "copy")))
	}
	assertClean(t, root, "after all kills")
}

// TestDoctorKilledAtItsCalls kills the doctor at every few of its calls. The next command removes the groups and the places in
// the store that it tried things in.
func TestDoctorKilledAtItsCalls(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	lab := func(fault string, args ...string) ([]byte, error) {
		cmd := exec.Command(binary, append([]string{"--root", root}, args...)...)
		cmd.Env = append(os.Environ(), "LAB_TEST_FAULT="+fault)
		return cmd.CombinedOutput()
	}
	groups := filepath.Join("/sys/fs/cgroup", "*", os.Getenv("LAB_CGROUP_PARENT"), "lab-doctor-*")
	seen, n := 0, 1
	for ; n < 2000; n += 3 {
		_, err := lab(fmt.Sprintf("kill:%d", n), "doctor")
		var status *exec.ExitError
		if !errors.As(err, &status) || status.ExitCode() != -1 {
			break // it makes fewer calls
		}
		left, _ := filepath.Glob(groups)
		places, _ := filepath.Glob(filepath.Join(root, ".lab-doctor-*"))
		seen += len(left) + len(places)
		out, err := lab("", "cgroup", "ls", "-q")
		require.NoError(t, err, string(out))
		require.Empty(t, string(out), "killed at call %d", n)
		places, _ = filepath.Glob(filepath.Join(root, ".lab-doctor-*"))
		require.Empty(t, places, "killed at call %d", n)
	}
	assert.Less(t, 60, n, "the doctor makes more calls")
	assert.Positive(t, seen, "none of the kills came while there was something to be left")
	assertClean(t, root, "after the kills")
}
