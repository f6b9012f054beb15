package cgroup_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

// TestInternalProcessesForReal runs into v2's rule in a group that has a member, as in a container, and makes room.
func TestInternalProcessesForReal(t *testing.T) {
	machine := live(t)["as it is"]
	var tree *cgroup.Hierarchy
	for i := range machine.Hierarchies {
		if h := &machine.Hierarchies[i]; h.Version == 2 && len(h.Controllers) > 0 {
			tree = h
		}
	}
	if tree == nil {
		testenv.CgroupV2(t)
		t.Skip("the v2 tree has no controllers")
	}
	restoreEnabled(t, tree)
	outer := &cgroup.Machine{Mode: cgroup.V2, Hierarchies: []cgroup.Hierarchy{*tree}}
	top := create(t, outer, cgroup.Limits{}) // passes the controllers on to "lab", which stands for a container
	limits := cgroup.Limits{Hugetlb: []cgroup.HugetlbLimit{{PageSize: "2MB", Limit: 2 << 20}}}
	if !outer.Has("hugetlb") || !exists("/sys/kernel/mm/hugepages/hugepages-2048kB") {
		t.Skip("the v2 tree has no hugetlb controller")
	}
	lab := outer.Group(top.Path+"/lab", limits)
	require.NoError(t, lab.Create())
	start(t, lab, "sleep 30 & exec sleep 30")
	require.Eventually(t, func() bool { pids, _ := lab.Procs(); return len(pids) == 2 }, 20*time.Second, time.Millisecond)

	base := *tree
	base.Base = "/" + lab.Path
	inner := &cgroup.Machine{Mode: cgroup.V2, Hierarchies: []cgroup.Hierarchy{base}}
	nested := inner.Group("lab/web", limits)
	var rule *cgroup.InternalProcesses
	err := nested.Create()
	require.ErrorAs(t, err, &rule)
	assert.Equal(t, filepath.Join(lab.Dir(), "cgroup.subtree_control"), rule.File)

	require.NoError(t, inner.MakeRoom("members"))
	require.NoError(t, inner.MakeRoom("members"), "twice")
	require.NoError(t, nested.Create())
	assert.Equal(t, "2097152", content(t, nested.Dir()+"/hugetlb.2MB.max"))
	pids, err := lab.Procs()
	require.NoError(t, err)
	assert.Len(t, pids, 2, "moved, and still below")
	assert.NoError(t, outer.MakeRoom("never-made"), "the top of the machine is exempt")
	assert.NoDirExists(t, tree.Dir+"/never-made")
	require.NoError(t, nested.Delete())
}

// restoreEnabled takes back what the test enables at the top of the v2 tree, which groups that are made later leave behind.
func restoreEnabled(t *testing.T, tree *cgroup.Hierarchy) {
	file := tree.Dir + tree.Base + "/cgroup.subtree_control"
	before := strings.Fields(content(t, file))
	t.Cleanup(func() {
		for _, c := range strings.Fields(content(t, file)) {
			if !slices.Contains(before, c) {
				_ = os.WriteFile(file, []byte("-"+c), 0) // EBUSY: somebody else wants it by now
			}
		}
	})
}
