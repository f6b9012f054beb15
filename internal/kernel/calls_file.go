package kernel

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Mkdir is mkdirat(2) from the current directory. Ignore EEXIST to accept a directory that is there.
func Mkdir(path string, perm uint32) Op {
	return newOp("mkdirat", unix.SYS_MKDIRAT, ref(AtCwd), str(path), mode(perm))
}

// Rmdir is unlinkat(2) with AT_REMOVEDIR.
func Rmdir(path string) Op {
	return newOp("unlinkat", unix.SYS_UNLINKAT, ref(AtCwd), str(path), flags(unix.AT_REMOVEDIR, atFlags))
}

// Unlink is unlinkat(2).
func Unlink(path string) Op {
	return newOp("unlinkat", unix.SYS_UNLINKAT, ref(AtCwd), str(path), flags(0, atFlags))
}

// Symlink is symlinkat(2): path becomes a link to target.
func Symlink(target, path string) Op {
	return newOp("symlinkat", unix.SYS_SYMLINKAT, str(target), ref(AtCwd), str(path))
}

// Mknod is mknodat(2); perm holds the type (S_IFCHR …) and the permissions.
func Mknod(path string, perm uint32, major, minor uint32) Op {
	dev := unix.Mkdev(major, minor)
	return newOp("mknodat", unix.SYS_MKNODAT, ref(AtCwd), str(path), mode(perm),
		named(uintptr(dev), fmt.Sprintf("makedev(%d, %d)", major, minor)))
}

// Chown is fchownat(2). Symbolic links are not followed.
func Chown(path string, uid, gid int) Op {
	return newOp("fchownat", unix.SYS_FCHOWNAT, ref(AtCwd), str(path), num(uid), num(gid),
		flags(unix.AT_SYMLINK_NOFOLLOW, atFlags))
}

// Open is openat(2) from the current directory; O_CLOEXEC is always set.
func Open(path string, flag int, perm uint32) Op { return OpenAt(AtCwd, path, flag, perm) }

// OpenAt is openat(2); O_CLOEXEC is always set.
func OpenAt(dir Ref, path string, flag int, perm uint32) Op {
	return newOp("openat", unix.SYS_OPENAT, ref(dir), str(path), flags(uintptr(flag|unix.O_CLOEXEC), openFlags), mode(perm))
}

// OpenAt2 is openat2(2): an open whose path resolution is fenced in by RESOLVE_* flags.
func OpenAt2(dir Ref, path string, how unix.OpenHow) Op {
	h := how
	h.Flags |= unix.O_CLOEXEC
	return newOp("openat2", unix.SYS_OPENAT2, ref(dir), str(path),
		structArg(unsafe.Pointer(&h), "{flags="+flagText(uintptr(h.Flags), openFlags)+
			", resolve="+flagText(uintptr(h.Resolve), resolveFlags)+"}"), num(int(unsafe.Sizeof(h))))
}

// Close is close(2).
func Close(fd Ref) Op { return newOp("close", unix.SYS_CLOSE, ref(fd)) }

// Write is write(2) of all of data, which must be short enough for one call (a kernel file, a pipe).
func Write(fd Ref, data string) Op {
	b := []byte(data)
	return newOp("write", unix.SYS_WRITE, ref(fd), bytesArg(b), num(len(b)))
}

// WriteFile is what `echo data > path` does to a kernel file: openat, write, close. It uses slot s.
func WriteFile(s Slot, path, data string) []Op {
	why := "write " + data + " to " + path
	return []Op{
		Open(path, unix.O_WRONLY, 0).Into(s).For(why),
		Write(s.Ref(), data).For(why).AsShell("echo " + shellQuote(data) + " > " + shellQuote(path)),
		Close(s.Ref()).For(why),
	}
}

// Dup3 is dup2(2) by its modern number: the copy survives execve. from and to must differ.
func Dup3(from Ref, to int) Op {
	return newOp("dup3", unix.SYS_DUP3, ref(from), num(to), num(0))
}

// Fchown is fchown(2): the file behind a descriptor, whatever its path means by then. An id of -1 stays.
func Fchown(fd Ref, uid, gid int) Op {
	return newOp("fchown", unix.SYS_FCHOWN, ref(fd), num(uid), num(gid))
}

// CloseRange is close_range(2) from first to the last possible descriptor, with CLOSE_RANGE_* flags.
func CloseRange(first int, flag uint) Op {
	return newOp("close_range", unix.SYS_CLOSE_RANGE, num(first), named(uintptr(^uint32(0)), "~0"),
		flags(uintptr(flag), closeRangeFlags))
}

// Umask is umask(2).
func Umask(mask uint32) Op { return newOp("umask", unix.SYS_UMASK, mode(mask)) }

// Ioctl is ioctl(2) with a number as its argument. name is the request's name, for people.
func Ioctl(fd Ref, request uintptr, name string, value int) Op {
	return newOp("ioctl", unix.SYS_IOCTL, ref(fd), named(request, name), num(value))
}

// IoctlPointer is ioctl(2) with memory as its argument. text is what people read for it.
func IoctlPointer(fd Ref, request uintptr, name string, value unsafe.Pointer, text string) Op {
	return newOp("ioctl", unix.SYS_IOCTL, ref(fd), named(request, name), structArg(value, text))
}

// Socket is socket(2). name is what people read for the arguments: "AF_INET, SOCK_DGRAM".
func Socket(domain, typ, proto int, name string) Op {
	return newOp("socket", unix.SYS_SOCKET, named(uintptr(domain), name), num(typ|unix.SOCK_CLOEXEC), num(proto))
}

// DupAbove is fcntl(2) with F_DUPFD: a second descriptor for the same file, the lowest free one that is not below least.
func DupAbove(fd Ref, least int) Op {
	return newOp("fcntl", unix.SYS_FCNTL, ref(fd), named(unix.F_DUPFD, "F_DUPFD"), num(least))
}

// PidfdGetfd is pidfd_getfd(2): a descriptor for what fd is in another process.
func PidfdGetfd(pidfd, fd Ref) Op {
	return newOp("pidfd_getfd", unix.SYS_PIDFD_GETFD, ref(pidfd), ref(fd), num(0))
}
