package container

import (
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// cloneFlags are the namespaces that the process is born in. The cgroup namespace is not among them: it is made after the
// process has joined its group, because its root is the group of that moment.
func (b *builder) cloneFlags() uint64 {
	var flags uint64
	for _, k := range namespaceFlags {
		if k.kind != specs.CgroupNamespace && b.has(k.kind) {
			flags |= k.flag
		}
	}
	return flags
}

var namespaceFlags = [...]struct {
	kind specs.LinuxNamespaceType
	flag uint64
}{
	{specs.UserNamespace, unix.CLONE_NEWUSER},
	{specs.PIDNamespace, unix.CLONE_NEWPID},
	{specs.MountNamespace, unix.CLONE_NEWNS},
	{specs.UTSNamespace, unix.CLONE_NEWUTS},
	{specs.IPCNamespace, unix.CLONE_NEWIPC},
	{specs.NetworkNamespace, unix.CLONE_NEWNET},
	{specs.TimeNamespace, unix.CLONE_NEWTIME},
	{specs.CgroupNamespace, unix.CLONE_NEWCGROUP},
}

// joinNamespaces enters the namespaces that exist already and are named by a path, such as another container's network.
func (b *builder) joinNamespaces() {
	for _, n := range b.spec.Linux.Namespaces {
		if n.Path == "" {
			continue
		}
		fd := b.slot()
		why := "join the " + string(n.Type) + " namespace " + n.Path
		b.add(kernel.Open(n.Path, unix.O_RDONLY, 0).Into(fd).For(why), kernel.Setns(fd.Ref(), 0).For(why), kernel.Close(fd.Ref()))
		if n.Type == specs.PIDNamespace || n.Type == specs.UserNamespace || n.Type == specs.MountNamespace {
			b.fail("a container cannot join an existing %s namespace by path", n.Type)
		}
	}
}

// joinCgroup puts the process into its groups, by itself: on v1 a task that writes 0 to "tasks" needs no lock over its
// threads, which is 200 times cheaper than the parent writing the pid to cgroup.procs. On v2 it was born there.
func (b *builder) joinCgroup() {
	switch {
	case b.c.Cgroup == nil:
	case b.private():
		for _, tree := range b.c.Cgroup.Dirs() {
			if tree == b.c.Cgroup.Dir() {
				continue // v2: it was born there
			}
			slot := b.slot()
			b.tasks = append(b.tasks, slot)
			b.add(kernel.Write(slot.Ref(), "0").For("join: write 0 to " + tree + "/tasks"))
		}
	default:
		b.add(b.c.Cgroup.JoinOps(b.slot())...)
	}
	if b.has(specs.CgroupNamespace) {
		b.add(kernel.Unshare(unix.CLONE_NEWCGROUP).For("see its own cgroup as the root of all"))
	}
}
