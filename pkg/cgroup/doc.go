// Package cgroup is chapter 3: control groups, with which the kernel counts and limits what processes use.
//
// # Four words
//
//   - A task is what the scheduler runs: a thread. A process is one task or more.
//   - A subsystem, or controller, is the part of the kernel that counts or limits one thing: memory limits memory.
//   - A control group is a set of tasks that are counted and limited together. It is a directory: mkdir makes
//     one, writing a pid to its file cgroup.procs moves a process into it, rmdir removes it when nobody is in it. Children
//     of a process start in their parent's group.
//   - A hierarchy is a tree of groups, mounted as a file system. A group can use no more than the groups above it.
//
// # Two versions
//
// In version 1 each controller may have a tree of its own, so a container is a group in each of six or more:
// /sys/fs/cgroup/cpu/lab/web, /sys/fs/cgroup/memory/lab/web … In version 2 there is one tree, and a group says in
// cgroup.subtree_control which controllers its children get. Many machines have both mounted (hybrid); a controller
// then sits in one of the two. [Detect] finds out, [Words] has all the names side by side:
//
//	subsystem   what for                    a file of v1                  v2
//	cpu         quota and weight            cpu.cfs_quota_us              cpu.max, cpu.weight
//	cpuacct     CPU time used               cpuacct.usage                 cpu.stat, without a controller
//	cpuset      which CPUs and memory       cpuset.cpus                   cpuset.cpus
//	memory      a limit, and who is killed  memory.limit_in_bytes         memory.max
//	blkio       weight and caps of disks    blkio.throttle.*              io.max, io.weight: controller io
//	pids        how many tasks              pids.max                      pids.max
//	devices     which devices may be opened devices.allow, devices.deny   no file: a BPF program on the group
//	freezer     stop and go on              freezer.state                 cgroup.freeze, without a controller
//	hugetlb     huge pages                  hugetlb.2MB.limit_in_bytes    hugetlb.2MB.max
//	net_cls     mark packets                net_cls.classid               gone: BPF, or iptables -m cgroup --path
//	net_prio    priority of packets         net_prio.ifpriomap            gone: BPF
//	perf_event  perf(1) by group            (no files)                    always on
//
// # By hand
//
// Half a CPU for a busy loop, in v1 and then in v2:
//
//	mkdir /sys/fs/cgroup/cpu/cpudemo
//	echo $PID  > /sys/fs/cgroup/cpu/cpudemo/cgroup.procs
//	echo 50000 > /sys/fs/cgroup/cpu/cpudemo/cpu.cfs_quota_us   # µs of each 100000
//
//	mkdir /sys/fs/cgroup/cpudemo
//	echo +cpu         > /sys/fs/cgroup/cgroup.subtree_control
//	echo 50000 100000 > /sys/fs/cgroup/cpudemo/cpu.max
//	echo $PID         > /sys/fs/cgroup/cpudemo/cgroup.procs
//
// # With this package
//
//	m, err := cgroup.Detect()
//	g := m.Group("lab/web", cgroup.Limits{CPUQuota: 50000, Memory: 64 << 20})
//	err = g.Create()
//	err = g.Join(pid)
//	st, err := g.Stats() // st.CPU.Throttled grows
//	err = g.Delete()
//
// A container does it in the other order: [Group.CreateOps] before the fork, [Group.JoinOps] in the list of the child,
// which so is in its group before it executes anything; see there why the child joins by itself.
//
// # What surprises
//
//   - v2, EBUSY from cgroup.subtree_control: a group has members or passes controllers down, not both
//     ([InternalProcesses]). Hence a subtree of one's own, "lab", whose upper groups stay without members.
//   - v1, ENOSPC from tasks: a cpuset group takes nobody before both cpuset.cpus and cpuset.mems are set.
//   - v1, EINVAL from memory.limit_in_bytes: it may never be above memory.memsw.limit_in_bytes.
//   - EBUSY from rmdir: somebody is still in it, or dying. [Group.Delete] kills and waits.
//   - The CPU quota of a group is for all its tasks and all CPUs together.
//
// Further reading: cgroups(7), cpuset(7), and Documentation/admin-guide/cgroup-v2.rst of the kernel.
package cgroup
