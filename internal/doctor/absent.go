package doctor

import (
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

// absent says why a controller is in no tree that is mounted here, and what brings it back. table is the text of
// /proc/cgroups, see cgroups(7), and top says that lab sees all of the machine's v2 tree, not a part that it was lent.
func absent(mode cgroup.Mode, name, table string, top bool) Finding {
	hierarchy, enabled, known := subsystem(table, name)
	switch {
	case mode == cgroup.None:
		return Finding{State: No, Text: "no control groups are mounted", Mend: mendCgroups}
	case !known && (mode != cgroup.V2 || top): // newer kernels list only what v1 could have
		return Finding{State: No, Text: "the kernel was built without it", Mend: mendKernel}
	case known && !enabled:
		return Finding{State: No, Text: "switched off when the kernel was started", Mend: kernelParameter("cgroup_enable=" + name)}
	case mode != cgroup.V2:
		return Finding{State: No, Text: "in no tree that is mounted here", Mend: mountV1(name)}
	case hierarchy != "0":
		return Finding{State: No, Text: "a v1 tree keeps it from v2", Mend: kernelParameter("cgroup_no_v1=all")}
	}
	return Finding{State: No, Text: "the groups above do not hand it down", Mend: delegate}
}

// subsystem reads one line of /proc/cgroups: name, number of the hierarchy (0: v2's or none), number of groups, enabled.
func subsystem(table, name string) (hierarchy string, enabled, known bool) {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) == 4 && f[0] == name {
			return f[1], f[3] == "1", true
		}
	}
	return "0", false, false
}
