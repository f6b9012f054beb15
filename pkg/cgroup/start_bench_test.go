package cgroup_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

// BenchmarkStart is a process born in a group: joined by itself in v1, by clone3 in v2, and by its parent.
func BenchmarkStart(b *testing.B) {
	testenv.Root(b)
	m, err := cgroup.Detect()
	require.NoError(b, err)
	g := m.Group(testenv.Name(), cgroup.Limits{})
	require.NoError(b, g.Create())
	defer g.Delete()
	start := func(b *testing.B, s kernel.Start) {
		s.Ops = append(s.Ops, kernel.Execve("/bin/true", []string{"true"}, nil))
		for b.Loop() {
			b.StopTimer()
			time.Sleep(20 * time.Millisecond) // back to back, RCU grace periods overlap and look cheap
			b.StartTimer()
			c, err := kernel.Fork(s)
			require.NoError(b, err)
			_, _, err = c.Wait()
			require.NoError(b, err)
			require.NoError(b, c.Close())
		}
	}
	b.Run("no group", func(b *testing.B) { start(b, kernel.Start{}) })
	b.Run("v1 by itself", func(b *testing.B) { start(b, kernel.Start{Ops: g.JoinOps(1)}) })
	if g.Dir() != "" {
		dir, err := os.Open(g.Dir())
		require.NoError(b, err)
		defer dir.Close()
		b.Run("v2 by clone3", func(b *testing.B) { start(b, kernel.Start{Cgroup: int(dir.Fd())}) })
		b.Run("v1 and v2", func(b *testing.B) { start(b, kernel.Start{Ops: g.JoinOps(1), Cgroup: int(dir.Fd())}) })
	}
	b.Run("by its parent", func(b *testing.B) {
		start(b, kernel.Start{Ops: []kernel.Op{
			kernel.Meet("join", func(c *kernel.Child) error { return g.Join(c.PID) }), kernel.Prctl(unix.PR_GET_DUMPABLE, "PR_GET_DUMPABLE"),
		}})
	})
}
