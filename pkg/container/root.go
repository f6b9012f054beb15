package container

import (
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// ownMountTree cuts the copied mount tree off from the host's. Without it every mount made here would show up there: most
// distributions make / shared (mount_namespaces(7)).
func (b *builder) ownMountTree() {
	b.add(kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "").For("keep the mounts made here from the host"))
}

// mountRoot mounts what will be "/": the image's layers below, the container's own layer above.
func (b *builder) mountRoot() {
	if b.private() && b.overlay() {
		b.add(
			kernel.MoveMount(rootSlot.Ref(), "", kernel.AtCwd, "/", unix.MOVE_MOUNT_F_EMPTY_PATH).For("attach the root that lab prepared"),
			kernel.Fchdir(rootSlot.Ref()).For("stand in the new root"),
		)
		return
	}
	if b.overlay() {
		b.add(b.c.Root.Ops()...)
		return
	}
	root := b.rootPath()
	b.add(kernel.Mount(root, root, "", unix.MS_BIND|unix.MS_REC, "").For("make the root a mount point, as pivot_root wants"))
}

func (b *builder) rootPath() string {
	if b.overlay() {
		return b.c.Root.Target
	}
	return b.spec.Root.Path
}

// enterRoot swaps the roots. pivot_root(".", ".") puts the old root on top of the new one, at the same place, and
// the detach takes it off: no directory for the old root is needed (NOTES of pivot_root(2)). After this no path
// leads to the host's files, and unlike after chroot(2) there is no way back.
func (b *builder) enterRoot() {
	if !b.private() || !b.overlay() {
		b.add(kernel.Chdir(b.rootPath()).For("stand in the new root"))
	}
	b.add(
		kernel.PivotRoot(".", ".").For("make it the root of the mount namespace"),
		kernel.Umount(".", unix.MNT_DETACH).For("let go of the host's file systems"),
		kernel.Chdir("/").For("start from the new root"),
	)
}

// readOnlyRoot makes the root read-only, after everything has been mounted into it.
func (b *builder) readOnlyRoot() {
	if b.spec.Root.Readonly {
		b.add(kernel.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "").For("make the root read-only"))
	}
}
