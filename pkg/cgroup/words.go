package cgroup

// Word is one thing that control groups do, and what the file for it is called in each version. "-" where a version has none.
type Word struct {
	Meaning string // "cpu quota"
	V1, V2  string
}

// Words are the files of v1 and of v2 side by side, in the order in which they are taught.
var Words = []Word{
	{"members", "cgroup.procs", "cgroup.procs"},
	{"member threads", "tasks", "cgroup.threads"},
	{"controllers here", "-", "cgroup.controllers"},
	{"controllers for children", "-", "cgroup.subtree_control"},
	{"cpu quota", "cpu.cfs_quota_us", "cpu.max"},
	{"cpu period", "cpu.cfs_period_us", "cpu.max"},
	{"cpu weight", "cpu.shares", "cpu.weight"},
	{"cpu throttling", "cpu.stat", "cpu.stat"},
	{"cpu usage", "cpuacct.usage", "cpu.stat"},
	{"cpus", "cpuset.cpus", "cpuset.cpus"},
	{"memory nodes", "cpuset.mems", "cpuset.mems"},
	{"memory limit", "memory.limit_in_bytes", "memory.max"},
	{"memory and swap limit", "memory.memsw.limit_in_bytes", "memory.swap.max"},
	{"memory reservation", "memory.soft_limit_in_bytes", "memory.low"},
	{"memory usage", "memory.usage_in_bytes", "memory.current"},
	{"memory peak", "memory.max_usage_in_bytes", "memory.peak"},
	{"memory figures", "memory.stat", "memory.stat"},
	{"memory limit hits", "memory.failcnt", "memory.events"},
	{"oom kills", "memory.oom_control", "memory.events"},
	{"swappiness", "memory.swappiness", "-"},
	{"pids limit", "pids.max", "pids.max"},
	{"pids", "pids.current", "pids.current"},
	{"freeze", "freezer.state", "cgroup.freeze"},
	{"kill", "-", "cgroup.kill"},
	{"device rules", "devices.allow", "-"}, // a BPF program
	{"device denials", "devices.deny", "-"},
	{"io weight", "blkio.weight", "io.weight"},
	{"io read bytes limit", "blkio.throttle.read_bps_device", "io.max"},
	{"io write bytes limit", "blkio.throttle.write_bps_device", "io.max"},
	{"io read operations limit", "blkio.throttle.read_iops_device", "io.max"},
	{"io write operations limit", "blkio.throttle.write_iops_device", "io.max"},
	{"io figures", "blkio.throttle.io_service_bytes", "io.stat"},
	{"huge pages limit", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max"},
	{"network class", "net_cls.classid", "-"},       // BPF programs, or iptables -m cgroup --path
	{"network priority", "net_prio.ifpriomap", "-"}, // the same
}

// Names returns what the file for a meaning is called in v1 and in v2; "" for a meaning that is not in [Words].
func Names(meaning string) (v1, v2 string) {
	for _, w := range Words {
		if w.Meaning == meaning {
			return w.V1, w.V2
		}
	}
	return "", ""
}
