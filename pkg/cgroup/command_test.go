package cgroup_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/pkg/cgroup"
)

func TestCommandRunsInTheGroup(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{})
		out := filepath.Join(t.TempDir(), "groups")
		status, err := g.Run(cgroup.Command{Args: []string{"/bin/sh", "-c", "cat /proc/self/cgroup >" + out + "; exit 7"}, Env: os.Environ(), KillChild: true})
		require.NoError(t, err)
		assert.Equal(t, 7, status)
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		assert.Contains(t, string(text), g.Path)

		_, err = g.Run(cgroup.Command{Args: []string{"/no/such/program"}})
		assert.ErrorIs(t, err, os.ErrNotExist)
		_, err = g.Run(cgroup.Command{})
		assert.ErrorContains(t, err, "no program given")
	}, "cpu")
}

func TestFilesHaveBothNames(t *testing.T) {
	each(t, func(t *testing.T, m *cgroup.Machine) {
		g := create(t, m, cgroup.Limits{PIDs: 20})
		files := map[string]cgroup.File{}
		for _, f := range g.Files() {
			files[f.Meaning] = f
		}
		limit := files["pids limit"]
		n, ok := limit.Number()
		assert.True(t, ok)
		assert.EqualValues(t, 20, n)
		assert.Equal(t, g.DirOf("pids")+"/pids.max", limit.Path)
		assert.Contains(t, files, "members")
		assert.NotContains(t, files, "kill", "which can only be written to")
	}, "pids")
}
