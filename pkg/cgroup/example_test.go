package cgroup_test

import (
	"fmt"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

// What `echo` would be told to write for half a CPU: the experiment of the course, on v1 and on v2. No group is made here.
func ExampleGroup_CreateOps() {
	v1 := &cgroup.Machine{Mode: cgroup.V1, Hierarchies: []cgroup.Hierarchy{
		{Version: 1, Dir: "/sys/fs/cgroup/cpu,cpuacct", Controllers: []string{"cpu", "cpuacct"}, Own: "/"}}}
	v2 := &cgroup.Machine{Mode: cgroup.V2, Hierarchies: []cgroup.Hierarchy{
		{Version: 2, Dir: "/sys/fs/cgroup-v2-of-the-example", Controllers: []string{"cpu", "memory", "pids"}, Own: "/"}}}
	for _, m := range []*cgroup.Machine{v1, v2} {
		ops, err := m.Group("cpudemo", cgroup.Limits{CPUQuota: 50000}).CreateOps()
		if err != nil {
			fmt.Println(err)
		}
		for _, op := range ops {
			if line := op.Shell(); line != "" {
				fmt.Println(line)
			}
		}
		fmt.Println()
	}
	// Output:
	// mkdir -m 755 /sys/fs/cgroup/cpu,cpuacct/cpudemo
	// echo 50000 > /sys/fs/cgroup/cpu,cpuacct/cpudemo/cpu.cfs_quota_us
	//
	// echo '+cpu +memory +pids' > /sys/fs/cgroup-v2-of-the-example/cgroup.subtree_control
	// mkdir -m 755 /sys/fs/cgroup-v2-of-the-example/cpudemo
	// echo '50000 100000' > /sys/fs/cgroup-v2-of-the-example/cpudemo/cpu.max
}

// How the child joins: by itself, with a 0 for "me".
func ExampleGroup_JoinOps() {
	m := &cgroup.Machine{Mode: cgroup.V1, Hierarchies: []cgroup.Hierarchy{
		{Version: 1, Dir: "/sys/fs/cgroup/memory", Controllers: []string{"memory"}, Own: "/"}}}
	const file kernel.Slot = 1
	for _, op := range m.Group("lab/web", cgroup.Limits{}).JoinOps(file) {
		fmt.Println(op)
	}
	// Output:
	// openat(AT_FDCWD, "/sys/fs/cgroup/memory/lab/web/tasks", O_WRONLY|O_CLOEXEC, 00)
	// write($1, "0", 1)
	// close($1)
}

func ExampleNames() {
	for _, meaning := range []string{"cpu quota", "cpu weight", "memory limit", "oom kills", "pids limit", "freeze", "kill"} {
		v1, v2 := cgroup.Names(meaning)
		fmt.Printf("%-13s %-22s %s\n", meaning, v1, v2)
	}
	// Output:
	// cpu quota     cpu.cfs_quota_us       cpu.max
	// cpu weight    cpu.shares             cpu.weight
	// memory limit  memory.limit_in_bytes  memory.max
	// oom kills     memory.oom_control     memory.events
	// pids limit    pids.max               pids.max
	// freeze        freezer.state          cgroup.freeze
	// kill          -                      cgroup.kill
}

func ExampleLimits_Validate() {
	l := cgroup.Limits{Memory: 4 << 20, CPUShares: 1}
	fmt.Println(l.Validate())
	// Output:
	// CPU shares 1: they are from 2 to 262144
	// minimum memory limit allowed is 6MB
}

func ExampleMachine_Where() {
	mounts := "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" +
		"32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
	m := cgroup.Parse([]byte(mounts), []byte("1:cpu:/\n0::/\n"))
	fmt.Println(m.Mode, m.Where("cpu").Dir, m.Where("freezer").Dir, m.Has("memory"))
	// Output: hybrid /sys/fs/cgroup/cpu /sys/fs/cgroup/unified false
}
