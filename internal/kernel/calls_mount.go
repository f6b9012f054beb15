package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Mount is mount(2). An empty source, fstype or data is passed as NULL; flags are MS_*.
func Mount(source, target, fstype string, flag uintptr, data string) Op {
	return newOp("mount", unix.SYS_MOUNT,
		strOrNull(source), str(target), strOrNull(fstype), flags(flag, mountFlags), strOrNull(data))
}

// Umount is umount2(2); flags are MNT_* and UMOUNT_NOFOLLOW.
func Umount(target string, flag int) Op {
	return newOp("umount2", unix.SYS_UMOUNT2, str(target), flags(uintptr(flag), umountFlags))
}

// PivotRoot is pivot_root(2): newRoot becomes "/" of the mount namespace, the old one is put at putOld.
func PivotRoot(newRoot, putOld string) Op {
	return newOp("pivot_root", unix.SYS_PIVOT_ROOT, str(newRoot), str(putOld))
}

// Chroot is chroot(2).
func Chroot(path string) Op { return newOp("chroot", unix.SYS_CHROOT, str(path)) }

// Chdir is chdir(2).
func Chdir(path string) Op { return newOp("chdir", unix.SYS_CHDIR, str(path)) }

// Fchdir is fchdir(2).
func Fchdir(dir Ref) Op { return newOp("fchdir", unix.SYS_FCHDIR, ref(dir)) }

// Fsopen is fsopen(2): a file system that is being configured. Its result goes [Op.Into] a slot.
func Fsopen(fstype string) Op {
	return newOp("fsopen", unix.SYS_FSOPEN, str(fstype), named(unix.FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC"))
}

// FsconfigString is fsconfig(2) with FSCONFIG_SET_STRING: one mount option of the form key=value.
// The kernel refuses values of 256 bytes or more.
func FsconfigString(fs Ref, key, value string) Op {
	return newOp("fsconfig", unix.SYS_FSCONFIG, ref(fs),
		named(unix.FSCONFIG_SET_STRING, "FSCONFIG_SET_STRING"), str(key), str(value), num(0))
}

// FsconfigFlag is fsconfig(2) with FSCONFIG_SET_FLAG: one mount option without a value.
func FsconfigFlag(fs Ref, key string) Op {
	return newOp("fsconfig", unix.SYS_FSCONFIG, ref(fs),
		named(unix.FSCONFIG_SET_FLAG, "FSCONFIG_SET_FLAG"), str(key), null(), num(0))
}

// FsconfigFD is fsconfig(2) with FSCONFIG_SET_FD: an option whose value is a descriptor.
func FsconfigFD(fs Ref, key string, fd Ref) Op {
	return newOp("fsconfig", unix.SYS_FSCONFIG, ref(fs),
		named(unix.FSCONFIG_SET_FD, "FSCONFIG_SET_FD"), str(key), null(), ref(fd))
}

// FsconfigCreate is fsconfig(2) with FSCONFIG_CMD_CREATE: the superblock is made.
func FsconfigCreate(fs Ref) Op {
	return newOp("fsconfig", unix.SYS_FSCONFIG, ref(fs),
		named(unix.FSCONFIG_CMD_CREATE, "FSCONFIG_CMD_CREATE"), null(), null(), num(0))
}

// Fsmount is fsmount(2): a mount of the file system that is attached nowhere yet; attrs are MOUNT_ATTR_*.
func Fsmount(fs Ref, attrs int) Op {
	return newOp("fsmount", unix.SYS_FSMOUNT, ref(fs),
		named(unix.FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC"), flags(uintptr(attrs), attrFlags))
}

// OpenTree is open_tree(2); flags are OPEN_TREE_* and AT_*. With OPEN_TREE_CLONE the result is a
// copy of the mount, attached nowhere: what "mount --bind" makes, in two halves.
func OpenTree(dir Ref, path string, flag uint) Op {
	return newOp("open_tree", unix.SYS_OPEN_TREE, ref(dir), str(path), flags(uintptr(flag), atFlags))
}

// MoveMount is move_mount(2): attaches a mount. Flags are MOVE_MOUNT_*; without MOVE_MOUNT_T_SYMLINKS a
// symbolic link at the end of to is mounted on, not followed.
func MoveMount(fromDir Ref, from string, toDir Ref, to string, flag int) Op {
	return newOp("move_mount", unix.SYS_MOVE_MOUNT,
		ref(fromDir), str(from), ref(toDir), str(to), flags(uintptr(flag), moveFlags))
}

// MountSetattr is mount_setattr(2): sets and clears MOUNT_ATTR_* of a mount (all below it with
// AT_RECURSIVE in flag). userns is the user namespace of MOUNT_ATTR_IDMAP.
func MountSetattr(dir Ref, path string, flag uint, attr unix.MountAttr) Op {
	a := attr
	return newOp("mount_setattr", unix.SYS_MOUNT_SETATTR, ref(dir), str(path), flags(uintptr(flag), atFlags),
		structArg(unsafe.Pointer(&a), "{set="+flagText(uintptr(a.Attr_set), attrFlags)+
			", clear="+flagText(uintptr(a.Attr_clr), attrFlags)+"}"), num(int(unsafe.Sizeof(a))))
}
