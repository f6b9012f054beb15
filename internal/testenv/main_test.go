package testenv

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { Main(m) }

// Every kind of thing that can be left behind: how TestLeave leaves it, and the words in which
// the check must then blame it.
var leaks = map[string]struct {
	leave func(t *testing.T)
	root  bool
	said  string
}{
	"nothing": {leave: func(*testing.T) {}},
	"file": {
		leave: func(t *testing.T) {
			_, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
			require.NoError(t, err)
		},
		said: "-> /dev/zero",
	},
	"process": {
		leave: func(t *testing.T) { require.NoError(t, exec.Command("sleep", "1000").Start()) },
		said:  "sleep 1000",
	},
	"orphan": {
		leave: func(t *testing.T) { require.NoError(t, exec.Command("sh", "-c", "setsid sleep 1001 &").Run()) },
		said:  "sleep 1001",
	},
	"orphan that ends soon": {
		leave: func(t *testing.T) { require.NoError(t, exec.Command("sh", "-c", "setsid sleep 0.3 &").Run()) },
	},
	"namespace": {
		leave: func(t *testing.T) {
			cmd := exec.Command("sleep", "1002")
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUTS}
			require.NoError(t, cmd.Start())
		},
		root: true,
		said: " uts:[",
	},
	"dead child": {
		leave: func(t *testing.T) { require.NoError(t, exec.Command("true").Start()) },
		said:  "process ",
	},
	"mount": {
		leave: func(t *testing.T) {
			dir := filepath.Join(os.Getenv(dirVariable), "a b")
			require.NoError(t, os.Mkdir(dir, 0o755))
			require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, ""))
		},
		root: true,
		said: "a b (tmpfs)",
	},
	"link": {
		leave: func(t *testing.T) {
			require.NoError(t, exec.Command("ip", "link", "add", "lab-left", "type", "veth", "peer", "lab-right").Run())
		},
		root: true,
		said: "link lab-left",
	},
	"control group": {
		leave: func(t *testing.T) { require.NoError(t, os.Mkdir(leftGroup(), 0o755)) },
		root:  true,
		said:  "control group /",
	},
}

func leftGroup() string { return filepath.Join(hierarchies()[0].path, tag()+"-left") }

// TestLeave is what TestLeaks runs in a run of its own.
func TestLeave(t *testing.T) {
	if leak, ok := leaks[os.Getenv("LAB_TEST_LEAVE")]; ok {
		leak.leave(t)
	}
}

func TestLeaks(t *testing.T) {
	for name, leak := range leaks {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for the check's patience to end
			if leak.root {
				Root(t)
			}
			if name == "link" {
				Have(t, "ip")
			}
			if name == "control group" && len(hierarchies()) == 0 {
				t.Skip("no cgroup hierarchy is mounted here")
			}
			out, pid, err := rerun(t, "TestLeave", "LAB_TEST_LEAVE="+name)
			// The check only tells; what it told of and outlives the run is this test's to remove.
			group := filepath.Join(firstHierarchy(), "lab-test-"+pid+"-left")
			t.Cleanup(func() { _ = os.Remove(group) })
			if leak.said == "" {
				require.NoError(t, err, out)
				assert.NotContains(t, out, "testenv:")
				return
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "a run that leaves a %s passes:\n%s", name, out)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, out, "the tests left behind")
			assert.Contains(t, out, leak.said)
		})
	}
}

func firstHierarchy() string {
	if all := hierarchies(); len(all) > 0 {
		return all[0].path
	}
	return os.DevNull
}

// rerun runs one test of this binary the way go test would, outside of this run.
func rerun(t *testing.T, test string, env ...string) (out, pid string, err error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "LAB_TEST_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err = cmd.Run()
	return b.String(), strconv.Itoa(cmd.Process.Pid), err
}

func TestStatusAndStreamsPassThrough(t *testing.T) {
	for name, c := range map[string]struct {
		end  string
		want int
	}{
		"passed":   {"pass", 0},
		"failed":   {"fail", 1},
		"exited":   {"exit", 7},
		"panicked": {"panic", 2},
		"killed":   {"kill", 128 + 9},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := rerun(t, "TestEnd", "LAB_TEST_END="+c.end)
			if c.want == 0 {
				require.NoError(t, err, out)
				return
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, c.want, exit.ExitCode(), out)
		})
	}
}

// TestEnd is what TestStatusAndStreamsPassThrough runs in a run of its own.
func TestEnd(t *testing.T) {
	switch os.Getenv("LAB_TEST_END") {
	case "fail":
		t.Fail()
	case "exit":
		os.Exit(7)
	case "panic":
		panic("on purpose")
	case "kill":
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	}
}

func TestIsolation(t *testing.T) {
	Root(t)
	if os.Getenv(isolatedVariable) != "1" {
		t.Skip("root may not unshare here")
	}
	outside, err := os.Readlink("/proc/" + os.Getenv(runVariable) + "/ns/net")
	require.NoError(t, err)
	inside, err := os.Readlink("/proc/thread-self/ns/net")
	require.NoError(t, err)
	assert.NotEqual(t, outside, inside)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err, "the loopback device of the new network namespace is up")
	require.NoError(t, listener.Close())
}

// What a test started again for a subprocess is not a run of its own: it has the same names.
func TestSameRunInSubprocess(t *testing.T) {
	if os.Getenv("LAB_TEST_NESTED") == "1" {
		fmt.Println("tag", tag())
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSameRunInSubprocess$")
	cmd.Env = append(os.Environ(), "LAB_TEST_NESTED=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "tag "+tag()+"\n")
}
