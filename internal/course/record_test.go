package course

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

func TestRecordMistakes(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	b := newBench(t, "inside: {process: {command: sleep 47701}}")
	b.view.Program, b.view.Root = testenv.Lab(t), t.TempDir()
	lab := func(args ...string) {
		out, err := exec.Command(b.view.Program, append([]string{"--root", b.view.Root}, args...)...).CombinedOutput()
		require.NoError(t, err, "lab %v: %s", args, out)
	}
	lab("run", "-d", "--name", "web", "--hostname", "inside", "box", "sleep", "47701")
	t.Cleanup(func() { lab("rm", "-f", "web") })
	b.until("container: {name: web, state: running}")
	b.table([]mistake{
		{"container: {name: other}", "there is no container other; the task wants one."},
		{"container: {name: web, exists: false}", "there is a container web; the task wants none."},
		{"container: {name: web, state: exited}", "the container web is running; the task wants exited."},
		{"container: {name: web, fields: {Config.Hostname: outside}}", "the container web has the Config.Hostname inside; the task wants outside."},
		{"container: {name: web, fields: {Config.No.Such: x}}", "the container web has no Config.No.Such; the task wants x."},
		{"container: {name: box}", "there is no container box; the task wants one."},
		{"image: {name: nothing}", "there is no image nothing; the task wants one."},
		{"image: {name: web}", "there is no image web; the task wants one."},
		{"image: {name: box, exists: false}", "there is an image box; the task wants none."},
		{"image: {name: box, fields: {RepoTags.0: 'box:latest'}}", ""},
		{"container: {name: web, fields: {State.ExitCode: 0, Id: '*'}}", ""},
		{"process: {of: inside, own: [mnt, pid, net, uts, ipc], pid-inside: 1}", ""},
		{"namespace: {kind: uts, of: inside, hostname: inside}", ""},
		{"command: {run: cat /etc/hostname, in: inside, output: inside}", ""},
	})
}
