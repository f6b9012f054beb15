package chroot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/chroot"
)

func TestOps(t *testing.T) {
	calls := func(c chroot.Command) string {
		var list []string
		for _, op := range c.Ops() {
			list = append(list, op.String())
		}
		return strings.Join(list, "\n")
	}
	c := chroot.Command{Root: "/srv/root", Args: []string{"sh"}, Env: []string{"PATH=/bin:/sbin"}, Dir: "/tmp"}
	assert.Equal(t, `chroot("/srv/root")
chdir("/")
chdir("/tmp")
execve("/bin/sh", ["sh"], ["PATH=/bin:/sbin"])
execve("/sbin/sh", ["sh"], ["PATH=/bin:/sbin"])`, calls(c))
	c.Pivot, c.Dir, c.Args = true, "", []string{"/bin/sh"}
	assert.Equal(t, `mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
mount("/srv/root", "/srv/root", NULL, MS_BIND|MS_REC, NULL)
chdir("/srv/root")
pivot_root(".", ".")
umount2(".", MNT_DETACH)
chdir("/")
execve("/bin/sh", ["/bin/sh"], ["PATH=/bin:/sbin"])`, calls(c))
	c.Pivot, c.KillChild = false, true
	assert.Equal(t, `chroot("/srv/root")
chdir("/")
prctl(PR_SET_PDEATHSIG, 9)
(see that the parent lives)()
execve("/bin/sh", ["/bin/sh"], ["PATH=/bin:/sbin"])`, calls(c))
}

func TestCheck(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	sh := []string{"sh"}
	for _, test := range []struct {
		name    string
		command chroot.Command
		want    string
	}{
		{"no root", chroot.Command{Args: sh}, "chroot: no root directory given"},
		{"no program", chroot.Command{Root: root}, "chroot: no program given"},
		{"NUL in an argument", chroot.Command{Root: root, Args: []string{"sh", "a\x00b"}}, `chroot: "a\x00b" has a NUL byte, at which the kernel would cut it off`},
		{"pivot to nothing", chroot.Command{Root: "/nowhere", Args: sh, Pivot: true}, "look at the new root /nowhere: no such file or directory"},
		{"pivot to a file", chroot.Command{Root: file, Args: sh, Pivot: true}, "look at the new root " + file + ": not a directory"},
		{"pivot to the root", chroot.Command{Root: "/", Args: sh, Pivot: true}, "pivot to /: it is the root already"},
	} {
		t.Run(test.name, func(t *testing.T) { assert.EqualError(t, test.command.Check(), test.want) })
	}
}

// Experiment 1: the new root is seen and nothing of the host's files, but the host's name is.
func TestOnlyTheFilesChange(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, pivot := range []bool{false, true} {
		out, status := output(t, chroot.Command{Root: root, Pivot: pivot, Args: []string{"sh", "-c", "ls /; hostname; pwd"}})
		assert.Equal(t, 0, status)
		assert.Equal(t, "bin\nproc\ntmp\nusr\n"+host+"\n/", out)
	}
}

func TestSameAsTheTool(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	tool, err := exec.Command("chroot", root, "/bin/sh", "-c", "ls /; pwd; id -u").Output()
	require.NoError(t, err)
	out, _ := output(t, chroot.Command{Root: root, Args: []string{"/bin/sh", "-c", "ls /; pwd; id -u"}})
	assert.Equal(t, strings.TrimSpace(string(tool)), out)
}

func TestPivotLeavesTheHostAlone(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	before, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	out, _ := output(t, chroot.Command{Root: root, Pivot: true, Args: []string{"sh", "-c", "/bin/busybox mount -t proc proc /proc; cat /proc/mounts"}})
	assert.Len(t, strings.Split(out, "\n"), 2, "the new root and proc, nothing of the host: %s", out)
	after, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

func TestRelativeRoot(t *testing.T) {
	testenv.Root(t)
	t.Chdir(newRoot(t))
	for _, pivot := range []bool{false, true} {
		out, _ := output(t, chroot.Command{Root: ".", Pivot: pivot, Dir: "tmp", Args: []string{"pwd"}})
		assert.Equal(t, "/tmp", out)
	}
}

func TestSearchAlongPath(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	require.NoError(t, os.WriteFile(filepath.Join(root, "usr/bin/cat"), nil, 0o644))
	command := func(name string, env ...string) chroot.Command {
		return chroot.Command{Root: root, Args: []string{name, "/proc/self/nothing"}, Env: env}
	}
	t.Run("the default path", func(t *testing.T) {
		_, status := output(t, command("true"))
		assert.Equal(t, 0, status)
	})
	t.Run("found before the last directory", func(t *testing.T) {
		_, status := output(t, command("true", "PATH=/bin:/usr/bin:/sbin"))
		assert.Equal(t, 0, status)
	})
	t.Run("a file without the x bit is passed over", func(t *testing.T) {
		_, status := output(t, command("cat", "PATH=/usr/bin:/bin"))
		assert.Equal(t, 1, status)
	})
	for _, test := range []struct {
		name, program, path string
		errno               unix.Errno
		want                string
	}{
		{"not there", "nothing", "/usr/bin:/bin", unix.ENOENT, "execute nothing: no such file or directory"},
		{"not executable", "cat", "/usr/bin:/tmp", unix.EACCES, "execute cat: permission denied"},
		{"a directory", "/tmp", "/bin", unix.EACCES, "execute /tmp: permission denied"},
		{"host's only", "/usr/bin/id", "/bin", unix.ENOENT, "execute /usr/bin/id: no such file or directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := command(test.program, "PATH="+test.path).Run()
			assert.ErrorIs(t, err, test.errno)
			assert.EqualError(t, err, test.want)
		})
	}
}

func TestExitStatus(t *testing.T) {
	testenv.Root(t)
	root := newRoot(t)
	_, status := output(t, chroot.Command{Root: root, Args: []string{"sh", "-c", "exit 42"}})
	assert.Equal(t, 42, status)
	_, status = output(t, chroot.Command{Root: root, Args: []string{"sh", "-c", "kill -9 $$"}})
	assert.Equal(t, 128+9, status)
}

func TestErrorsNameTheStep(t *testing.T) {
	testenv.Root(t)
	_, err := chroot.Command{Root: "/nowhere", Args: []string{"sh"}}.Run()
	assert.EqualError(t, err, "make /nowhere the root directory: no such file or directory")
	var failed *kernel.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "chroot", failed.Op.Call)
	_, err = chroot.Command{Root: newRoot(t), Dir: "/gone", Args: []string{"sh"}}.Run()
	assert.EqualError(t, err, "go to the working directory /gone: no such file or directory")
}

func TestStreams(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	require.NoError(t, os.WriteFile(in, []byte("echo to out; echo to err >&2; cat"), 0o600))
	stdin, err := os.Open(in)
	require.NoError(t, err)
	defer stdin.Close()
	out, err := os.Create(filepath.Join(dir, "out"))
	require.NoError(t, err)
	defer out.Close()
	errs, err := os.Create(filepath.Join(dir, "err"))
	require.NoError(t, err)
	defer errs.Close()
	status, err := chroot.Command{Root: newRoot(t), Args: []string{"/bin/sh"}, Stdin: stdin, Stdout: out, Stderr: errs}.Run()
	require.NoError(t, err)
	assert.Equal(t, 0, status)
	got, _ := os.ReadFile(out.Name())
	assert.Equal(t, "to out\n", string(got))
	got, _ = os.ReadFile(errs.Name())
	assert.Equal(t, "to err\n", string(got))
}
