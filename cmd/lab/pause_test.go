package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/pkg/container"
)

// Between the freezing and the record a container's policy may have started the next process, which nobody has frozen.
func TestPausedIsWhatWasFrozen(t *testing.T) {
	dir, me := t.TempDir(), container.Myself()
	state := container.State{ID: "x", Name: "web"}
	state.Ran(os.Getpid(), 0)
	require.NoError(t, state.Write(dir))
	require.NoError(t, changePause(dir, mayPause, container.Running, me))
	_, err := container.ChangeState(dir, func(now *container.State) error {
		now.Ran(os.Getppid(), 0)
		return nil
	})
	require.NoError(t, err)
	require.Error(t, changePause(dir, stillFreezes(me), container.Paused, nil))
	state, err = container.ReadState(dir)
	require.NoError(t, err)
	assert.Equal(t, container.Running, state.Status)

	require.NoError(t, changePause(dir, mayPause, container.Running, me))
	require.NoError(t, changePause(dir, stillFreezes(me), container.Paused, nil))
}
