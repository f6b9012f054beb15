package container

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/unionfs"
)

// Container is all that must be known to start one. Nothing here is looked up again later: the list of calls is a
// function of these fields.
type Container struct {
	ID   string
	Spec *specs.Spec // the OCI configuration: process, mounts, namespaces, limits

	// Root is the union file system that becomes "/". Without lowers, Spec.Root.Path is used as it is.
	Root unionfs.Overlay

	// Cgroup is the group that the container's process joins; nil leaves it where lab is.
	Cgroup *cgroup.Group

	// Machine is what cgroups look like here: it decides what the container sees in /sys/fs/cgroup.
	Machine *cgroup.Machine

	// Filter is the compiled seccomp program (struct sock_filter, 8 bytes an instruction); empty loads none.
	Filter      []byte
	FilterFlags uintptr

	// FilterJSON is the profile as the specification spells it, where that was made ahead too; Spec.Linux.Seccomp is nil then.
	FilterJSON string

	// HostDevices are the host's paths of Spec.Linux.Devices that are called otherwise there, by their paths in the container.
	HostDevices map[string]string

	// Files are small files that the container gets, over what the image has at their paths.
	Files []File

	// Terminal receives the master side of the container's terminal, before the program starts. It is called when
	// Spec.Process.Terminal is set and owns the descriptor.
	Terminal func(master int) error

	// Stdin keeps lab's standard input for the container; otherwise it reads /dev/null.
	Stdin bool

	// Init is an executable of the host that runs as PID 1 and starts the program as its child; empty: the program is
	// PID 1 itself.
	Init string

	// Attached makes the kernel kill the container when the thread that started it ends.
	Attached bool

	// Beside is the process that stays with a detached container; nil: lab itself does.
	Beside *Beside

	// Shut are descriptors of lab that the new process closes at once, such as a lock that must go with lab alone.
	Shut []int

	inherited map[kernel.Slot]int // descriptors that the child finds in its slots, see openForUsers
}

// Plan is a container's life as calls: what lab does before, the new process and its list, and what lab does after.
type Plan struct {
	Before []kernel.Op
	Start  kernel.Start // Cgroup is filled at start: the directory exists only then
	After  []kernel.Op

	lent  []kernel.Op   // what lab opens for a container in a user namespace
	tasks []kernel.Slot // and the slots for its v1 groups' tasks files
}

// All returns every op of the plan in order.
func (p Plan) All() []kernel.Op {
	all := append([]kernel.Op(nil), p.Before...)
	if p.Start.Parent != nil {
		all = append(all, p.Start.Parent.Ops...)
	}
	all = append(all, p.Start.Ops...)
	if p.Start.Parent != nil {
		all = append(all, p.Start.Parent.Then...)
	}
	return append(all, p.After...)
}
