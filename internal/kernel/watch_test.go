package kernel_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

func TestPrinterShowsEveryOpInOrder(t *testing.T) {
	var out strings.Builder
	kernel.Watch(&kernel.Printer{Out: &out})
	defer kernel.Watch(nil)
	run(t, kernel.Start{Ops: []kernel.Op{
		kernel.Umask(0o22),
		kernel.Mkdir("/", 0o755).Ignoring(unix.EEXIST).For("show an error that is none"),
		kernel.Execve("/bin/true", []string{"true"}, nil),
	}})
	text := out.String()
	require.Equal(t, 4, strings.Count(text, " = "), text)
	last := -1
	for _, line := range []string{"clone3(CLONE_PIDFD, SIGCHLD) = ", "umask(022) = ", "show an error that is none",
		"mkdirat(AT_FDCWD, \"/\", 0755) = -1 EEXIST", "execve(\"/bin/true\", [\"true\"], []) = 0"} {
		at := strings.Index(text, line)
		assert.Greater(t, at, last, "%q in\n%s", line, text)
		last = at
	}
}

func TestStepStopsWhereThePersonSays(t *testing.T) {
	var out strings.Builder
	kernel.Watch(&kernel.Printer{Out: &out, In: strings.NewReader("\n\nq\n")})
	defer kernel.Watch(nil)
	_, err := kernel.Fork(kernel.Start{Ops: []kernel.Op{kernel.Umask(0o22), kernel.Setsid(), kernel.Execve("/bin/true", []string{"true"}, nil)}})
	assert.ErrorIs(t, err, kernel.ErrGaveUp)
	assert.Contains(t, out.String(), "umask(022) = ")
	assert.NotContains(t, out.String(), "setsid() = ")
}

func TestShellLines(t *testing.T) {
	for want, op := range map[string]kernel.Op{
		"mount --make-rprivate /":                         kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		"mount -t proc -o nosuid,nodev,noexec proc /proc": kernel.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""),
		"mount --bind /a /b":                              kernel.Mount("/a", "/b", "", unix.MS_BIND, ""),
		"mount -o bind,remount,ro /b":                     kernel.Mount("", "/b", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""),
		"mknod -m 666 /dev/null c 1 3":                    kernel.Mknod("/dev/null", unix.S_IFCHR|0o666, 1, 3),
		"rmdir '/a b'":                                    kernel.Rmdir("/a b"),
		"umount -l .":                                     kernel.Umount(".", unix.MNT_DETACH),
		"unshare --uts --net":                             kernel.Unshare(unix.CLONE_NEWUTS | unix.CLONE_NEWNET),
		"exec sh -c 'exit 1'":                             kernel.Execve("/bin/sh", []string{"sh", "-c", "exit 1"}, nil),
	} {
		assert.Equal(t, want, op.Shell())
	}
}

func TestFaults(t *testing.T) {
	f, err := kernel.ParseFault("fail:3:ENOSPC")
	require.NoError(t, err)
	assert.Equal(t, kernel.Fault{N: 3, Errno: unix.ENOSPC}, f)
	for _, bad := range []string{"", "fail:0:EIO", "fail:1", "fail:1:EWHAT", "kill:x", "explode:1"} {
		_, err := kernel.ParseFault(bad)
		assert.Error(t, err, bad)
	}
}
