package chroot_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/chroot"
)

// actor names what this test binary does instead of testing, as a process that cannot go back.
const actor = "LAB_CHROOT_ACTOR"

// unix.Exit, not os.Exit: a coverage run would print what it cannot write from there.
func TestMain(m *testing.M) {
	if what := os.Getenv(actor); what != "" {
		if err := act(what, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			unix.Exit(1)
		}
		unix.Exit(0)
	}
	testenv.Main(m)
}

// act locks the root that it is given around itself (in a way that ends with the process) and looks around.
func act(what string, args []string) error {
	root := args[0]
	switch what {
	case "enter", "escape":
		if err := chroot.Enter(root); err != nil {
			return err
		}
	case "pivot-host":
		return chroot.Pivot(root)
	case "pivot", "pivot-escape":
		if err := leaveMounts(); err != nil {
			return err
		}
		if err := chroot.Pivot(root); err != nil {
			return err
		}
	}
	if strings.HasSuffix(what, "escape") {
		out, err := chroot.Escape(func(s chroot.Sight) { fmt.Printf("%s: root %s\n", s.Step, s.Root) })
		if err != nil {
			return err
		}
		fmt.Println("out:", out.Out())
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	fmt.Println("in", dir)
	list, err := os.ReadDir("/")
	for _, e := range list {
		fmt.Println("entry:", e.Name())
	}
	return err
}

// leaveMounts gives the calling thread a private mount namespace of its own.
func leaveMounts() error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
}

// perform runs an actor and returns what it said.
func perform(t *testing.T, what string, arg string) (string, error) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", arg)
	cmd.Env = []string{actor + "=" + what}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// newRoot makes a root directory with a shell (busybox, static) in it.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Chmod(root, 0o755))
	for _, dir := range []string{"bin", "tmp", "proc", "usr/bin"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	box, err := os.ReadFile(testenv.Have(t, "busybox"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "bin/busybox"), box, 0o755))
	for _, name := range []string{"sh", "ls", "cat", "hostname", "true", "pwd", "id", "kill"} {
		require.NoError(t, os.Symlink("busybox", filepath.Join(root, "bin", name)))
	}
	return root
}

// output runs c and returns what it wrote and its exit status.
func output(t *testing.T, c chroot.Command) (string, int) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	c.Stdout, c.Stderr = file, file
	status, err := c.Run()
	require.NoError(t, err)
	data, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return strings.TrimSpace(string(data)), status
}
