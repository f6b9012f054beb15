package main_test

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
)

// TestRestartsOnAFullDisk lets a container fill the disk that lab's directory is on. Its policy goes on starting it, the list says how it
// is, and it can be removed at any moment of that.
func TestRestartsOnAFullDisk(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	for name, c := range map[string]struct{ options, program string }{
		"no blocks":      {"size=128m", "dd if=/dev/zero of=/big bs=64k count=10000; exit 4"},
		"filled by logs": {"size=128m", "head -c 200000000 /dev/zero; exit 4"},
		"no inodes":      {"size=128m,nr_inodes=2000", "i=0; while echo > /f$i; do i=$((i+1)); done; exit 4"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, unix.Mount("tmpfs", root, "tmpfs", 0, c.options))
			t.Cleanup(func() { require.NoError(t, unix.Unmount(root, 0)) })
			prepare(t, root)
			lab := func(args ...string) string {
				out, err := exec.Command(binary, append([]string{"--root", root}, args...)...).CombinedOutput()
				require.NoError(t, err, "%v: %s", args, out)
				return string(out)
			}
			lab("run", "-d", "--name", "fills", "--restart", "always", "box", "sh", "-c", c.program)
			about := ""
			require.Eventually(t, func() bool {
				about = strings.TrimSpace(lab("inspect", "-f", "{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", "fills"))
				return strings.HasPrefix(about, "4 restarting 4") || strings.Contains(about, "exited")
			}, 5*time.Minute, 10*time.Millisecond)
			if name == "no inodes" { // not even the layers can be merged: that ends the policy, as a start that fails does
				assert.Equal(t, "0 exited 125 start it again: merge the layers: no space left on device", about)
			} else {
				assert.Equal(t, "4 restarting 4", about)
			}
			lab("rm", "-f", "fills") // while it waits for its next start
			lab("run", "--rm", "box", "true")
			entries, err := os.ReadDir(root + "/ledger")
			require.NoError(t, err)
			assert.Empty(t, entries)
		})
	}
}
