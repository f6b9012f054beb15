package container

import (
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Plan lists the calls that make the container. It makes none. Its errors are about the specification: what it asks for
// does not exist or does not go together.
func (c *Container) Plan() (Plan, error) {
	b := &builder{c: c, spec: c.Spec}
	plan := Plan{Before: b.before()}

	b.dieWithLab()
	b.userNamespace() // wait until lab has written the id maps
	b.session()
	b.joinCgroup()
	b.joinNamespaces() // --network container:…, host namespaces by path
	b.ownMountTree()
	b.openHostFiles() // volumes, while the host's tree is still there
	b.earlyMounts()
	b.mountRoot()
	b.enterRoot() // pivot_root: from here on "/" is the image

	b.mountDev()
	b.giveFiles()
	b.showHostDev()
	b.mountRest() // /sys, /dev/pts, /dev/shm, /dev/mqueue, cgroups, tmpfs, volumes
	b.makeWorkingDirectory()
	b.mountProc() // last: until then no symbolic link of the image can lead through it
	b.loopbackUp()
	b.hostname()
	b.sysctls()
	b.terminal()
	b.hide() // masked and read-only paths
	b.readOnlyRoot()

	b.resourceLimits()
	b.enterWorkingDirectory()
	b.becomeUser() // ids, capabilities, no_new_privs, seccomp
	b.execute()

	plan.Start = kernel.Start{Flags: b.cloneFlags(), Ops: b.ops, Shut: b.c.Shut, Parent: b.between()}
	plan.After, plan.lent, plan.tasks = b.after(), b.loans, b.tasks
	return plan, b.err
}

// before is what lab itself does: the directories of the container's own layer, and its group with the limits.
func (b *builder) before() []kernel.Op {
	var ops []kernel.Op
	if b.overlay() {
		for _, dir := range [...]string{b.c.Root.Upper, b.c.Root.Work} {
			ops = append(ops, kernel.Mkdir(dir, 0o755).Ignoring(unix.EEXIST).For("make the container's own layer"))
		}
	}
	if b.c.Cgroup != nil {
		group, err := b.c.Cgroup.CreateOps()
		if err != nil {
			b.fail("%w", err)
		}
		ops = append(ops, group...)
	}
	return ops
}

// after is what remains when the process has ended: the mounts have gone with their namespace, the groups have not.
func (b *builder) after() []kernel.Op {
	if b.c.Cgroup == nil {
		return nil
	}
	var ops []kernel.Op
	for _, dir := range b.c.Cgroup.Dirs() {
		ops = append(ops, kernel.Rmdir(dir).Ignoring(unix.ENOENT).For("remove the group "+dir))
	}
	return ops
}
