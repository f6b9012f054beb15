package box

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithoutProcAsNobody runs commands in the image's own tree: chroot, no /proc, uid 1000, no TERM,
// a working directory that cannot be written.
func TestWithoutProcAsNobody(t *testing.T) {
	testenv.Root(t)
	if os.Getenv("CGO_ENABLED") == "1" {
		t.Skip("the test binary must be static to run in an empty root")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	root := t.TempDir()
	for dir := root; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	layer, err := os.Create(filepath.Join(t.TempDir(), "layer.tar"))
	require.NoError(t, err)
	require.NoError(t, Layer(layer, self))
	require.NoError(t, layer.Close())
	out, err := exec.Command("tar", "-xf", layer.Name(), "-C", root).CombinedOutput()
	require.NoError(t, err, string(out))

	in := func(script string) ran {
		cmd := &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Dir: "/", Env: []string{"PATH=/bin"}}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
		return start(t, cmd, "")
	}
	if got := in("exit 0"); got.code != 0 {
		t.Skip("the test binary is not static: ", got.err)
	}
	for _, c := range []struct {
		script string
		want   ran
	}{
		{"id", ran{0, "uid=1000(student) gid=1000(student) groups=1000(student)\n", ""}},
		{"ls -d /bin /tmp | cat", ran{0, "/bin\n/tmp\n", ""}},
		{"echo a | while read x; do echo $x; done | tr a b", ran{0, "b\n", ""}},
		{"(echo bg; exit 3) & wait $!; echo $?", ran{0, "bg\n3\n", ""}},
		{"touch /x", ran{1, "", "touch: cannot touch '/x': Permission denied\n"}},
		{"ps", ran{1, "", "ps: Nothing is mounted on /proc (mount -t proc proc /proc)\n"}},
		{"mount", ran{1, "", "mount: can't read /proc/self/mounts: No such file or directory\n"}},
		{"mount -t tmpfs tmpfs /tmp", ran{1, "", "mount: permission denied (are you root?)\n"}},
		{"echo > /x", ran{1, "", "sh: can't create /x: Permission denied\n"}},
		{"nope", ran{127, "", "sh: nope: not found\n"}},
		{"forkbomb 3", ran{1, "", "forkbomb: no pids limit is visible here, so this could stop the whole machine; limit pids first, or say --yes\n"}},
		{"forkbomb --yes 3", ran{0, "started 3 processes; nothing stopped me\n", ""}},
		{"cat /etc/os-release | head -n 1", ran{0, "NAME=\"lab box\"\n", ""}},
	} {
		assert.Equal(t, c.want, in(c.script), c.script)
	}
	got := in("welcome")
	assert.Zero(t, got.code)
	assert.Contains(t, got.out, "no /proc/self/mounts")
}
