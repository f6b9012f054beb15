package main_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// paused is a container whose record and group are looked at behind lab's back.
type paused struct {
	t         *testing.T
	root, dir string
	group     *cgroup.Group
}

func runPaused(t *testing.T) *paused {
	testenv.Root(t)
	testenv.Overlay(t)
	p := &paused{t: t, root: t.TempDir()}
	prepare(t, p.root)
	id := strings.TrimSpace(p.lab("run", "-d", "--name", "web", "box", "sleep", "1000"))
	p.dir = filepath.Join(p.root, "containers", id)
	machine, err := cgroup.Detect()
	require.NoError(t, err)
	p.group, err = machine.Open(os.Getenv("LAB_CGROUP_PARENT") + "/" + id)
	require.NoError(t, err)
	return p
}

func (p *paused) lab(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(testenv.Lab(p.t), append([]string{"--root", p.root}, args...)...).CombinedOutput()
	require.NoError(p.t, err, "%v: %s", args, out)
	return string(out)
}

func (p *paused) status() container.Status {
	state, err := container.ReadState(p.dir)
	require.NoError(p.t, err)
	return state.Status
}

func (p *paused) frozen() cgroup.State {
	state, err := p.group.State()
	require.NoError(p.t, err)
	return state
}

// A commit that is killed does not leave its container paused: the next command that sees it lets it go on, and says so, once.
func TestKilledCommitLeavesNobodyPaused(t *testing.T) {
	p := runPaused(t)
	big := make([]byte, 96<<20)
	_, _ = rand.Read(big)
	require.NoError(t, os.WriteFile(p.dir+"/upper/big", big, 0o600))
	for _, next := range [][]string{{"ps"}, {"inspect", "-f", "{{.State.Status}}", "web"}, {"exec", "web", "true"}, {"pause", "web"}, {"ps", "-q"}} {
		commit := exec.Command(testenv.Lab(t), "--root", p.root, "commit", "web", "mine")
		require.NoError(t, commit.Start())
		require.Eventually(t, func() bool { return p.status() == container.Paused }, 20*time.Second, time.Millisecond)
		assert.Contains(t, p.lab("ps"), "(Paused)", "while it lives it is left alone")
		require.NoError(t, commit.Process.Kill())
		_ = commit.Wait()
		require.Equal(t, cgroup.Frozen, p.frozen())

		out := p.lab(next...)
		assert.Contains(t, out, "container web was paused by a lab command that has been killed: it runs again\n", next)
		if next[0] == "pause" { // which is a person's wish, and stays
			for range 3 {
				assert.NotContains(t, p.lab("ps"), "killed")
			}
			require.Equal(t, cgroup.Frozen, p.frozen())
			p.lab("commit", "web", "paused")
			require.Equal(t, cgroup.Frozen, p.frozen(), "a commit does not end it")
			p.lab("unpause", "web")
		}
		require.Equal(t, cgroup.Thawed, p.frozen(), next)
		require.Equal(t, container.Running, p.status(), next)
		assert.NotContains(t, p.lab("ps"), "killed")
	}
	p.lab("rm", "-f", "web")
	assertClean(t, p.root, "in the end")
}

// A pause or unpause that is killed somewhere has happened or has not: what the record says is what the group is.
func TestKilledPauseIsWholeOrNot(t *testing.T) {
	p := runPaused(t)
	var half int
	for i := range 60 {
		verb := []string{"pause", "unpause"}[i%2]
		var out bytes.Buffer
		cmd := exec.Command(testenv.Lab(t), "--root", p.root, verb, "web")
		cmd.Stdout, cmd.Stderr = &out, &out
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(i*173%6000) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		state, err := container.ReadState(p.dir)
		require.NoError(t, err)
		if state.Holder != nil {
			half++
		}
		p.lab("ps")
		want := map[container.Status]cgroup.State{container.Paused: cgroup.Frozen, container.Running: cgroup.Thawed}[p.status()]
		require.Equal(t, want, p.frozen(), "after %s: %s", verb, out.String())
		if verb == "pause" && p.status() == container.Running {
			p.lab("pause", "web")
		} else if verb == "unpause" && p.status() == container.Paused {
			p.lab("unpause", "web")
		}
	}
	t.Logf("%d of 60 were killed half-way", half)
	p.lab("rm", "-f", "web")
	assertClean(t, p.root, "in the end")
}
