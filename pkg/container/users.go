package container

import (
	"fmt"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/ns"
	"github.com/container-labs/lab/pkg/unionfs"
)

// In a user namespace of its own the container's root is nobody outside. Three things that root does elsewhere, it then
// cannot: open lab's files, open a v1 group's tasks file, and make device nodes. So lab opens files and groups for it, and
// the nodes are bound from the host.

// rootSlot holds the ready root file system, bindSlots on the clones of the host's files, both opened by lab before the fork.
const rootSlot kernel.Slot = 241

// userNamespace waits until lab has written the id maps: before that the process is nobody, and its calls are refused. Then it
// becomes the namespace's root.
func (b *builder) userNamespace() {
	if !b.has(specs.UserNamespace) {
		return
	}
	for _, kind := range [...]specs.LinuxNamespaceType{specs.NetworkNamespace, specs.PIDNamespace, specs.IPCNamespace, specs.CgroupNamespace} {
		if !b.has(kind) {
			b.fail("users of its own and the host's %s namespace do not go together: what shows it belongs to the host's root", kind)
		}
	}
	b.add(
		kernel.Meet("wait until lab has written the id maps", b.writeMaps),
		kernel.Setgroups(nil).For("forget the host's groups"),
		kernel.Setresgid(0).For("become the namespace's root"),
		kernel.Setresuid(0).For("become the namespace's root"),
	)
	b.dieWithLab()
}

func (b *builder) private() bool { return b.has(specs.UserNamespace) }

// writeMaps runs in lab, with the privileges that a map of more than one id needs (user_namespaces(7)).
func (b *builder) writeMaps(child *kernel.Child) error {
	pid, err := child.ProcPID()
	if err != nil {
		return err
	}
	proc := fmt.Sprintf("/proc/%d/", pid)
	for file, maps := range map[string][]specs.LinuxIDMapping{"uid_map": b.spec.Linux.UIDMappings, "gid_map": b.spec.Linux.GIDMappings} {
		if err := kernel.DoAll(kernel.WriteFile(1, proc+file, ns.Lines(idMaps(maps)))); err != nil {
			return err
		}
	}
	for slot, fd := range b.c.inherited {
		child.SetSlot(slot, fd)
	}
	return nil
}

func idMaps(list []specs.LinuxIDMapping) []ns.IDMap {
	maps := make([]ns.IDMap, len(list))
	for i, m := range list {
		maps[i] = ns.IDMap{Inside: m.ContainerID, Outside: m.HostID, Size: m.Size}
	}
	return maps
}

// openForUsers opens what the container's root may not: its root file system, with every owner mapped, and the host's
// files. The descriptors are inherited by the child, which finds their numbers in its slots.
func (c *Container) openForUsers(p Plan) (err error) {
	c.inherited = map[kernel.Slot]int{}
	defer func() {
		if err != nil {
			c.closeInherited()
		}
	}()
	uids, gids := idMaps(c.Spec.Linux.UIDMappings), idMaps(c.Spec.Linux.GIDMappings)
	if err := c.openTasks(p); err != nil {
		return err
	}
	users, err := ns.NewUser(uids, gids)
	if err != nil {
		return err
	}
	defer users.Close()
	if err := c.giveUpper(uids, gids); err != nil {
		return err
	}
	for _, op := range p.lent {
		fd, err := kernel.Do(op)
		if err != nil {
			return err
		}
		c.inherited[op.Out] = fd
	}
	kernel.Apart(func() {
		var fd int
		if fd, err = c.mountMapped(int(users.Fd())); err == nil {
			c.inherited[rootSlot] = fd
		}
	})
	return err
}

// openTasks opens the v1 groups' tasks files: the kernel asks for the rights of who opened a file, so the child may write
// to what lab has opened.
func (c *Container) openTasks(p Plan) error {
	if c.Cgroup == nil {
		return nil
	}
	files, err := c.Cgroup.OpenTasks()
	if err != nil {
		return err
	}
	for i, f := range files {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open the container's groups: %w", err)
		}
		_ = f.Close()
		c.inherited[p.tasks[i]] = fd
	}
	return nil
}

func (c *Container) closeInherited() {
	for _, fd := range c.inherited {
		_ = unix.Close(fd)
	}
	c.inherited = nil
}

// giveUpper makes the container's root the owner of its own layer.
func (c *Container) giveUpper(uids, gids []ns.IDMap) error {
	uid, ok := ns.Outside(uids, 0)
	gid, also := ns.Outside(gids, 0)
	if !ok || !also {
		return fmt.Errorf("the id maps have no root: map 0 inside to a user outside")
	}
	_, err := kernel.Do(kernel.Chown(c.Root.Upper, int(uid), int(gid)).For("give the container's own layer to its root"))
	return err
}

// mountMapped mounts the root on a thread with a mount namespace of its own, and returns it attached nowhere.
func (c *Container) mountMapped(users int) (int, error) {
	const merged kernel.Slot = 2
	if err := kernel.DoAll(RootOps(c.Root, users)); err != nil {
		return -1, err
	}
	return kernel.Do(kernel.OpenTree(kernel.AtCwd, c.Root.Target, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(merged).For("take the root along"))
}

// RootOps are the calls with which a thread mounts a container's root where nobody else sees it. It must be thrown away after.
//
// users is the container's user namespace, or -1 where it has none. The layers are shared by all containers and belong to the host's root;
// through an idmapped mount (mount_setattr(2), since 5.12, below overlay since 5.19) each container sees its own root as their owner, and
// what is copied up from them belongs to it.
func RootOps(root unionfs.Overlay, users int) []kernel.Op {
	const tree kernel.Slot = 1
	ops := []kernel.Op{
		kernel.Unshare(unix.CLONE_NEWNS).For("prepare the root where nobody sees it"),
		kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "").For("prepare the root where nobody sees it"),
	}
	for _, layer := range root.Lower {
		if users < 0 {
			break
		}
		why := "map the owners of layer " + filepath.Base(filepath.Dir(layer))
		ops = append(ops,
			kernel.OpenTree(kernel.AtCwd, layer, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(tree).For(why),
			kernel.MountSetattr(tree.Ref(), "", unix.AT_EMPTY_PATH, unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(users)}).For(why),
			kernel.MoveMount(tree.Ref(), "", kernel.AtCwd, layer, unix.MOVE_MOUNT_F_EMPTY_PATH).For(why),
			kernel.Close(tree.Ref()).For(why),
		)
	}
	return append(ops, root.Ops()...)
}

// bindDevice shows a device node of the host: in a user namespace mknod(2) is refused.
func (b *builder) bindDevice(d device) {
	b.makeFile(d.path)
	slot, lent := b.lent[d.path]
	if !lent {
		return // one of two for the same path
	}
	delete(b.lent, d.path)
	b.add(kernel.MoveMount(slot.Ref(), "", kernel.AtCwd, d.path, unix.MOVE_MOUNT_F_EMPTY_PATH).For("show the host's " + d.path))
}

// lend has lab open a mount of the host for the container.
func (b *builder) lend(path string, recursive bool) kernel.Slot {
	flag := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
	if recursive {
		flag |= unix.AT_RECURSIVE
	}
	slot := b.slot()
	b.loans = append(b.loans, kernel.OpenTree(kernel.AtCwd, path, flag).Into(slot).For("take "+path+" of the host along"))
	return slot
}

// earlyMounts makes /proc and /sys while the host's are still visible: the kernel gives a new one in a user namespace only to who
// can see a complete one already (mount_too_revealing() in fs/namespace.c).
func (b *builder) earlyMounts() {
	if !b.private() {
		return
	}
	b.early = map[string]kernel.Slot{}
	for _, m := range b.spec.Mounts {
		if m.Type != "proc" && m.Type != "sysfs" {
			continue
		}
		o := parseMountOptions(m.Options)
		fs, mount := b.slot(), b.slot()
		why := "make " + m.Destination + " while the host's can be seen"
		b.add(
			kernel.Fsopen(m.Type).Into(fs).For(why),
			kernel.FsconfigCreate(fs.Ref()).For(why),
			kernel.Fsmount(fs.Ref(), int(o.attr)).Into(mount).For(why),
			kernel.Close(fs.Ref()).For(why),
		)
		b.early[m.Destination] = mount
	}
}
