package course

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

const frozenLab = `title: Frozen
summary: A process that cannot be killed where it is.
minutes: 10
needs: {root: true, controllers: [freezer]}
fence: {pids: 50}
vars:
  frozen: {process: {command: sleep 48011}}
tasks:
- name: one
  title: Freeze it
  text: Do it.
  check: {cgroup: {path: $fence/ice, frozen: true, holds: [frozen]}}
  hints: [Think.]
  solution:
    v1: |
      mkdir "$cgroup_freezer/$fence/ice"
      sleep 48011 &
      pid=$!; sleep 0.5
      echo $pid > "$cgroup_freezer/$fence/ice/cgroup.procs"
      echo FROZEN > "$cgroup_freezer/$fence/ice/freezer.state"
    v2: |
      mkdir "$cgroup_freezer/$fence/ice"
      sleep 48011 &
      pid=$!; sleep 0.5
      echo $pid > "$cgroup_freezer/$fence/ice/cgroup.procs"
      echo 1 > "$cgroup_freezer/$fence/ice/cgroup.freeze"
`

func TestResetEndsWhatIsFrozen(t *testing.T) {
	testenv.Root(t)
	m, err := cgroup.Detect()
	require.NoError(t, err)
	if !m.Has("freezer") {
		t.Skip("no freezer here")
	}
	s, l := newSession(t, frozenLab)
	_, err = s.Start(t.Context(), l, StartOptions{})
	require.NoError(t, err)
	require.NoError(t, s.Solve(t.Context(), l, &l.Tasks[0]))
	begin := time.Now()
	cleaned, err := s.Reset(t.Context(), l)
	require.NoError(t, err)
	assert.Less(t, time.Since(begin), 5*time.Second, "it was thawed, not waited for")
	assert.Contains(t, strings.Join(cleaned.Ended, "\n"), "(sleep 48011)")
}
