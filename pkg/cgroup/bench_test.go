package cgroup_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

func BenchmarkDetect(b *testing.B) {
	for b.Loop() {
		_, err := cgroup.Detect()
		require.NoError(b, err)
	}
}

// BenchmarkCreateDelete is the group of an ordinary container.
func BenchmarkCreateDelete(b *testing.B) {
	testenv.Root(b)
	m, err := cgroup.Detect()
	require.NoError(b, err)
	defer func() { _ = m.RemoveEmpty(subtree()) }()
	limits := cgroup.Limits{CPUQuota: 50000, Memory: 64 << 20, PIDs: 100, Devices: cgroup.DefaultDevices()}
	n := 0
	run := func(b *testing.B, l cgroup.Limits, parts ...func(*cgroup.Group) error) {
		for b.Loop() {
			n++
			g := m.Group(fmt.Sprintf("%s/bench%d", subtree(), n), l)
			for i, f := range parts {
				if i%2 == 1 {
					b.StopTimer()
				}
				require.NoError(b, f(g))
				b.StartTimer()
			}
		}
	}
	create, remove := (*cgroup.Group).Create, (*cgroup.Group).Delete
	b.Run("create bare", func(b *testing.B) { run(b, cgroup.Limits{}, create, remove) })
	b.Run("create limited", func(b *testing.B) { run(b, limits, create, remove) })
	b.Run("both limited", func(b *testing.B) {
		run(b, limits, func(g *cgroup.Group) error { require.NoError(b, g.Create()); return g.Delete() })
	})
	b.Run("ops only", func(b *testing.B) {
		run(b, limits, func(g *cgroup.Group) error { _, err := g.CreateOps(); return err })
	})
}

// subtree is where the tests of this process make their groups.
var subtree = sync.OnceValue(testenv.Name)
