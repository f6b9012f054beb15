package doctor

import "github.com/container-labs/lab/pkg/ns"

// Checks are all there is to know of a machine, group by group, in the order in which the course needs it.
func Checks() []Check {
	checks := []Check{
		{"machine", "distribution", Nice, "which commands mend things here", tryDistribution, Mend{}},
		{"machine", "WSL", EveryLab, "Linux in Windows has to be WSL 2", tryWSL, mendWSL1},
		{"machine", "/proc", EveryLab, "processes and namespaces are seen there", tryProc, mendProc},
		{"machine", "surroundings", Nice, "a container may hide much of the machine", tryContainer, Mend{}},

		{"kernel", "version", EveryLab, "all of lab", tryVersion, mendKernel},
		{"kernel", "clone3", EveryLab, "every process that lab makes", tryClone3, mendKernel},
		{"kernel", "pidfd", EveryLab, "signals that reach the right process", tryPidfd, mendKernel},
		{"kernel", "openat2", EveryLab, "unpacking images without leaving their root", tryOpenat2, mendKernel},
		{"kernel", "new mount API", EveryLab, "volumes, and images of many layers", tryMountAPI, mendKernel},
	}
	for _, k := range ns.Kinds() {
		need := EveryLab
		if k.Flag == ns.User || k.Flag == ns.Time {
			need = SomeLabs
		}
		try := tryNamespace(k)
		if k.Flag == ns.User {
			try = tryUserNamespace
		}
		checks = append(checks, Check{"namespaces", k.Name, need, k.Isolates, try, mendKernel})
	}
	return append(checks, []Check{
		{"namespaces", "user, not as root", SomeLabs, "namespaces without sudo", tryOrdinaryUser, mendKernel},

		{"control groups", "mode", EveryLab, "counting and limiting what containers use", tryCgroupMode, mendCgroups},
		{"control groups", "CLONE_INTO_CGROUP", Nice, "on v2 a container is born in its group", tryBornInside, mendKernel},
		{"control groups", "cpu", SomeLabs, "--cpus", tryController("cpu", "cpu quota", "50000", "50000 100000"), mendKernel},
		{"control groups", "cpuset", SomeLabs, "--cpuset-cpus", tryController("cpuset", "cpus", "", "0"), mendKernel},
		{"control groups", "memory", SomeLabs, "--memory", tryController("memory", "memory limit", "67108864", "67108864"), mendKernel},
		{"control groups", "pids", SomeLabs, "--pids-limit", tryController("pids", "pids limit", "100", "100"), mendKernel},
		{"control groups", "blkio or io", SomeLabs, "limits for disks", tryController("blkio", "io write bytes limit", "", ""), mendKernel},
		{"control groups", "freezer", SomeLabs, "stopping all of a group at once", tryController("freezer", "freeze", "THAWED", "0"), mendKernel},
		{"control groups", "device control", EveryLab, "keeping containers off the disks", tryDevices, mendKernel},

		{"union file system", "overlay", EveryLab, "the root directory of every container", tryOverlay, mendModule("overlay")},
		{"union file system", "in a user namespace", SomeLabs, "the same without sudo", tryUserOverlay, mendModule("overlay")},
		{"union file system", "overlay on overlay", Nice, "lab in a container", tryNestedOverlay, mendModule("overlay")},

		{"network", "veth", SomeLabs, "a cable between two namespaces", tryVeth, mendModule("veth")},
		{"network", "bridge", SomeLabs, "the switch that containers are plugged into", tryBridge, mendModule("bridge")},
		{"network", "nftables", SomeLabs, "the way out, and published ports", tryNftables, mendModule("nft_masq")},
		{"network", "vxlan", SomeLabs, "one network over two hosts", tryVxlan, mendModule("vxlan")},

		{"seccomp", "filter", EveryLab, "taking system calls away from containers", trySeccomp, mendKernel},

		{"storage", "room", SomeLabs, "images and containers", trySpace, mendSpace},
		{"storage", "file system", EveryLab, "containers' own layers, an overlay's upper", tryStore, mendStore},

		{"extras", "/dev/kvm", Nice, "the course's virtual machine at full speed", tryKVM, mendKVM()},
		{"extras", "nested containers", Nice, "a container inside a container", tryNested, mendNested},
	}...)
}
