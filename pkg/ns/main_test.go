package ns_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/ns"
)

// actor names what this test binary does instead of testing: "unshare" or "enter", with the struct as JSON. So it can be
// done by another user, or by a process that a test kills.
const actor = "LAB_NS_ACTOR"

// unix.Exit, not os.Exit: a coverage run would print what it cannot write from there.
func TestMain(m *testing.M) {
	if what := os.Getenv(actor); what != "" {
		status, err := act(what, os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			unix.Exit(125)
		}
		unix.Exit(status)
	}
	testenv.Main(m)
}

func act(what, text string) (int, error) {
	if what == "unshare" {
		var u ns.Unshare
		if err := json.Unmarshal([]byte(text), &u); err != nil {
			return 0, err
		}
		return u.Run()
	}
	var e ns.Enter
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return 0, err
	}
	return e.Run()
}

// asActor returns a command that does u or e in a process of its own.
func asActor(t *testing.T, what any) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(what)
	require.NoError(t, err)
	name := "unshare"
	if _, ok := what.(ns.Enter); ok {
		name = "enter"
	}
	cmd := exec.Command("/proc/self/exe", string(text))
	cmd.Env = append(os.Environ(), actor+"="+name)
	return cmd
}

// asNobody makes a command run as an ordinary user without a name of its own.
func asNobody(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	return cmd
}

func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

type runner interface{ Run() (int, error) }

// output runs u or e and returns what it wrote.
func output(t *testing.T, what any) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	var r runner
	switch v := what.(type) {
	case ns.Unshare:
		v.Stdout, v.Stderr = file, file
		r = v
	case ns.Enter:
		v.Stdout, v.Stderr = file, file
		r = v
	}
	status, err := r.Run()
	require.NoError(t, err)
	data, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, 0, status, "%s", data)
	return strings.TrimSpace(string(data))
}

// tool runs a program of the system and returns what it wrote.
func tool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Have(t, args[0]), args[1:]...).CombinedOutput()
	require.NoError(t, err, "%s: %s", args, out)
	return strings.TrimSpace(string(out))
}

// start starts u and ends it with the test.
func start(t testing.TB, u ns.Unshare) *kernel.Child {
	t.Helper()
	if u.Args == nil {
		u.Args = []string{"/bin/sleep", "1000"}
	}
	child, err := u.Start()
	require.NoError(t, err)
	t.Cleanup(func() { end(child) })
	return child
}

// end kills a child and waits for it; a child that was ended already is left alone.
func end(child *kernel.Child) {
	if child.PIDFD < 0 {
		return
	}
	_ = child.Signal(syscall.SIGKILL)
	_, _, _ = child.Wait()
	_ = child.Close()
}

// eventually waits for something that takes the kernel or a process a moment.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		require.False(t, time.Now().After(deadline), "it never happened: %s", what)
	}
}

func ptr[T any](v T) *T { return &v }
