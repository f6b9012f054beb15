package capability

import "golang.org/x/sys/unix"

// Own returns what the calling thread has in its permitted set: what it can at most pass on. Root on a machine that is itself
// fenced in (a container, some virtual machines) has less than [All].
//
// Kernel: capget(2). Where that fails it is [All].
func Own() Set {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return All()
	}
	return Set(data[0].Permitted) | Set(data[1].Permitted)<<32
}
