package container

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
)

// A copy of lab that has not executed anything yet is not taken for a program that is lab.
func TestExecuted(t *testing.T) {
	assert.True(t, executed(os.Getpid()))
	seen := false
	child, err := kernel.Fork(kernel.Start{Ops: []kernel.Op{
		kernel.Meet("look at it", func(c *kernel.Child) error {
			seen = true
			assert.True(t, isSelf(c.PID))
			assert.False(t, executed(c.PID))
			return nil
		}),
		kernel.Execve("/bin/sh", []string{"sh", "-c", "read x"}, nil),
	}})
	testenv.Feature(t, "clone3", err) // an emulated processor has none
	assert.True(t, seen)
	assert.False(t, isSelf(child.PID))
	_, _, _ = child.Wait()
	require.NoError(t, child.Close())
	assert.True(t, executed(child.PID), "it has ended")
}
