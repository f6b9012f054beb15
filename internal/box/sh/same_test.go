package sh

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "sh" {
		os.Exit(Main(os.Args))
	}
	testenv.Main(m)
}

// shell gives the path of a link named sh to this test, which TestMain then makes the shell.
func shell(t *testing.T) string {
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "sh")
	require.NoError(t, os.Symlink(self, path))
	return path
}

type result struct {
	code int
	out  string
}

func runShell(t *testing.T, dir string, argv []string, stdin string) (r result, stderr string) {
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.Mkdir(dir, 0o755))
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	cmd.WaitDelay = time.Second
	timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String()}, errs.String()
}

// TestSameAsOthers runs each case with -c and from standard input; output and status must be those of
// one of the shells that are installed, which do not agree everywhere either.
func TestSameAsOthers(t *testing.T) {
	text, err := os.ReadFile("testdata/same.txt")
	require.NoError(t, err)
	var others [][]string
	for _, o := range [][]string{{"/bin/busybox", "sh"}, {"/bin/dash"}} {
		if _, err := os.Stat(o[0]); err == nil {
			others = append(others, o)
		}
	}
	if len(others) == 0 {
		t.Skip("neither busybox nor dash is installed")
	}
	ours, dir := []string{shell(t)}, filepath.Join(t.TempDir(), "work")
	for c := range strings.SplitSeq(string(text), "%%\n") {
		for _, mode := range []string{"-c", "stdin"} {
			args, stdin := []string{"-c", c}, ""
			if mode == "stdin" {
				args, stdin = nil, c
			}
			got, errs := runShell(t, dir, append(ours[:1:1], args...), stdin)
			var want []result
			for _, o := range others {
				w, _ := runShell(t, dir, append(o[:len(o):len(o)], args...), stdin)
				want = append(want, w)
			}
			assert.Contains(t, want, got, "%s: %s\nstderr: %s", mode, c, errs)
			assert.NotContains(t, errs, "goroutine", c)
		}
	}
}
