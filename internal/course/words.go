package course

import "slices"

// word is a file of v2 that has an answer in v1.
type word struct {
	v2, v1     string
	controller string // by v1's name
}

// words are the files that a cgroup check's "files" may name. How a value is translated, cgroup.go knows.
var words = [...]word{
	{"cpu.max", "cpu.cfs_quota_us", "cpu"},
	{"cpu.weight", "cpu.shares", "cpu"},
	{"cpuset.cpus", "cpuset.cpus", "cpuset"},
	{"cpuset.mems", "cpuset.mems", "cpuset"},
	{"memory.max", "memory.limit_in_bytes", "memory"},
	{"memory.low", "memory.soft_limit_in_bytes", "memory"},
	{"memory.current", "memory.usage_in_bytes", "memory"},
	{"memory.peak", "memory.max_usage_in_bytes", "memory"},
	{"pids.max", "pids.max", "pids"},
	{"pids.current", "pids.current", "pids"},
	{"cgroup.freeze", "freezer.state", "freezer"},
	{"io.weight", "blkio.weight", "blkio"},
}

func wordOf(file string) (word, bool) {
	i := slices.IndexFunc(words[:], func(w word) bool { return w.v2 == file })
	if i < 0 {
		return word{}, false
	}
	return words[i], true
}

func wordNames() []string {
	var all []string
	for _, w := range words {
		all = append(all, w.v2)
	}
	return all
}
