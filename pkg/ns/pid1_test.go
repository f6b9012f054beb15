package ns_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/ns"
)

var newPID = ns.Unshare{Kinds: ns.PID, Fork: true, MountProc: "/proc", Env: os.Environ()}

// inside returns how many processes are in the PID namespace of a process, and which namespace that is.
func inside(t *testing.T, pid int) (ns.ID, int) {
	t.Helper()
	id, err := ns.Of(pid, ns.PID)
	require.NoError(t, err)
	return id, countIn(t, id)
}

func countIn(t *testing.T, id ns.ID) int {
	t.Helper()
	list, err := ns.Scan{Kinds: ns.PID, Processes: true}.List()
	require.NoError(t, err)
	if n := list.Find(id.Ino); n != nil {
		return n.Processes
	}
	return 0
}

func TestAllDieWithPID1(t *testing.T) {
	testenv.Root(t)
	t.Run("by this package", func(t *testing.T) {
		u := newPID
		u.Args = sh("sleep 1000 & sleep 1000 & setsid sleep 1000 & wait")
		child := start(t, u)
		eventually(t, "four processes run", func() bool { _, n := inside(t, child.PID); return n == 4 })
		id, _ := inside(t, child.PID)
		require.NoError(t, child.Signal(unix.SIGKILL))
		status, _, err := child.Wait()
		require.NoError(t, err)
		_ = child.Close()
		assert.Equal(t, unix.SIGKILL, status.Signal())
		assert.Zero(t, countIn(t, id), "PID 1 ends last")
	})
	t.Run("by unshare", func(t *testing.T) {
		cmd := exec.Command(testenv.Have(t, "unshare"), append([]string{"-p", "-f", "--kill-child"}, sh("sleep 1000 & setsid sleep 1000 & wait")...)...)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		var id ns.ID
		eventually(t, "three processes run", func() bool {
			link := "/proc/" + itoa(cmd.Process.Pid) + "/ns/pid_for_children"
			own, _ := ns.Of(0, ns.PID)
			var err error
			id, err = ns.OfFile(link)
			return err == nil && id != own && countIn(t, id) == 3
		})
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		eventually(t, "all are gone", func() bool { return countIn(t, id) == 0 })
	})
}

func TestOrphansGoToPID1(t *testing.T) {
	testenv.Root(t)
	const script = `pid=$(sh -c 'sleep 1000 >/dev/null & echo $!'); cut -d" " -f4 /proc/$pid/stat; kill -9 $pid`
	u := newPID
	u.Args = sh(script)
	assert.Equal(t, "1", output(t, u))
	assert.Equal(t, "1", tool(t, append([]string{"unshare", "-pf", "--mount-proc"}, sh(script)...)...))
}

func TestPID1IgnoresSignalsWithoutHandler(t *testing.T) {
	testenv.Root(t)
	t.Run("from inside", func(t *testing.T) {
		const script = `kill -TERM $$; kill -KILL $$; echo alive; trap 'echo handled' TERM; kill -TERM $$`
		u := newPID
		u.Args = sh(script)
		assert.Equal(t, "alive\nhandled", output(t, u))
		assert.Equal(t, "alive\nhandled", tool(t, append([]string{"unshare", "-pf", "--mount-proc"}, sh(script)...)...))
	})
	t.Run("from outside", func(t *testing.T) {
		child := start(t, ns.Unshare{Kinds: ns.PID, Fork: true})
		require.NoError(t, child.Signal(unix.SIGTERM))
		time.Sleep(20 * time.Millisecond)
		_, n := inside(t, child.PID)
		assert.Equal(t, 1, n, "SIGTERM is ignored")
		other := start(t, ns.Unshare{Kinds: ns.UTS})
		require.NoError(t, other.Signal(unix.SIGTERM))
		status, _, err := other.Wait()
		require.NoError(t, err)
		_ = other.Close()
		assert.Equal(t, unix.SIGTERM, status.Signal(), "elsewhere it ends the same program")
	})
}

// Without a fork the program's first child is PID 1, and when that has ended no other can be made.
func TestNoForkAfterPID1Ended(t *testing.T) {
	testenv.Root(t)
	file, err := os.CreateTemp(t.TempDir(), "out")
	require.NoError(t, err)
	defer file.Close()
	u := ns.Unshare{Kinds: ns.PID, Args: sh("/bin/true; /bin/true; echo unreachable"), Stdout: file, Stderr: file}
	_, err = u.Run()
	require.NoError(t, err)
	text, _ := os.ReadFile(file.Name())
	assert.Contains(t, strings.ToLower(string(text)), "fork", "fork(2) says ENOMEM, of all things")
	assert.NotContains(t, string(text), "unreachable")
}
