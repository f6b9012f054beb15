package unionfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attr is what an inode has beside its content.
type attr struct {
	mode     uint32 // the twelve permission bits
	uid, gid int
	times    [2]unix.Timespec // access, modification
	xattrs   []xattr
}

type xattr struct{ key, value string }

const paxXattr = "SCHILY.xattr."

// attrOf takes the attributes out of a header. It leaves out the extended attributes that overlayfs would obey.
func (u *unpacker) attrOf(h *tar.Header) (attr, error) {
	a := attr{mode: uint32(h.Mode) & 0o7777, uid: h.Uid, gid: h.Gid}
	for _, id := range []int{h.Uid, h.Gid} {
		if id < 0 || int64(id) >= 1<<32-1 { // 2^32-1 is "leave as it is" for chown(2)
			return a, fmt.Errorf("owner %d:%d: %w", h.Uid, h.Gid, unix.EINVAL)
		}
	}
	if u.opt.NoChown {
		a.uid, a.gid = u.uid, u.gid
	}
	a.times[1] = timespec(h.ModTime)
	a.times[0] = a.times[1]
	if !h.AccessTime.IsZero() {
		a.times[0] = timespec(h.AccessTime)
	}
	for record, value := range h.PAXRecords {
		key, ok := strings.CutPrefix(record, paxXattr)
		if !ok {
			continue
		}
		if strings.HasPrefix(key, trustedPrefix) || strings.HasPrefix(key, userPrefix) {
			u.skip("%q: attribute %s, which overlayfs would obey", h.Name, key)
			continue
		}
		a.xattrs = append(a.xattrs, xattr{key, value})
	}
	slices.SortFunc(a.xattrs, func(x, y xattr) int { return strings.Compare(x.key, y.key) })
	return a, nil
}

// timespec splits by seconds and nanoseconds: the count of nanoseconds alone overflows in the year 2262.
func timespec(t time.Time) unix.Timespec {
	if t.IsZero() {
		return unix.Timespec{}
	}
	ts := unix.Timespec{Sec: t.Unix()}
	ts.Nsec = int64(t.Nanosecond())
	return ts
}

// setAttr brings the inode behind fd from what it was made with (made, and the process's own owner) to a.
//
// The order matters: chown(2) clears the setuid bit and security.capability, so mode and attributes follow it; times come last.
func (u *unpacker) setAttr(fd int, made uint32, a *attr, what string) error {
	if a.uid != u.uid || a.gid != u.gid {
		if err := unix.Fchown(fd, a.uid, a.gid); err != nil {
			return fmt.Errorf("chown to %d:%d: %w", a.uid, a.gid, err)
		}
	}
	// A setuid or setgid bit may get lost in many ways on the way here, so it is always set anew.
	if a.mode != made || a.mode&0o6000 != 0 {
		if err := unix.Fchmod(fd, a.mode); err != nil {
			return fmt.Errorf("chmod to %#o: %w", a.mode, err)
		}
	}
	for _, x := range a.xattrs {
		if err := unix.Fsetxattr(fd, x.key, []byte(x.value), 0); err != nil {
			if err := u.xattrFailed(x.key, what, err); err != nil {
				return err
			}
		}
	}
	if err := futimens(fd, &a.times); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}

// futimens is utimensat(2) without a path, as futimens(3).
func futimens(fd int, ts *[2]unix.Timespec) error {
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(ts)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// setNodeAttr is setAttr for what cannot be opened without side effects: links, devices, FIFOs. Most need only their times.
func (u *unpacker) setNodeAttr(dirfd int, name string, made uint32, link bool, a *attr) error {
	chown := a.uid != u.uid || a.gid != u.gid
	chmod := !link && (chown || a.mode != made || a.mode&0o6000 != 0)
	if chown {
		if err := unix.Fchownat(dirfd, name, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("chown to %d:%d: %w", a.uid, a.gid, err)
		}
	}
	if chmod || len(a.xattrs) > 0 {
		if err := u.setByHandle(dirfd, name, chmod, a); err != nil {
			return err
		}
	}
	if err := unix.UtimesNanoAt(dirfd, name, a.times[:], unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}

// setByHandle goes through /proc/self/fd of an O_PATH descriptor, which names the inode itself, be it a symbolic link.
func (u *unpacker) setByHandle(dirfd int, name string, chmod bool, a *attr) error {
	fd, err := unix.Openat(dirfd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer unix.Close(fd)
	inode := handle(fd)
	if chmod {
		if err := unix.Chmod(inode, a.mode); err != nil {
			return fmt.Errorf("chmod to %#o: %w", a.mode, err)
		}
	}
	for _, x := range a.xattrs {
		if err := unix.Setxattr(inode, x.key, []byte(x.value), 0); err != nil {
			if err := u.xattrFailed(x.key, name, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// xattrFailed forgives a file system that has no such attributes, and a rootless user who may not set a privileged one.
func (u *unpacker) xattrFailed(key, what string, err error) error {
	if errors.Is(err, unix.ENOTSUP) || u.opt.UserXattr && errors.Is(err, unix.EPERM) {
		u.skip("%q: attribute %s: %v", what, key, err)
		return nil
	}
	return fmt.Errorf("set attribute %q: %w", key, err)
}

// umask reads the process's file mode creation mask without changing it, which umask(2) cannot. When in doubt all bits count as masked, and every mode is set.
func umask() uint32 {
	status, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return 0o777
	}
	_, rest, _ := strings.Cut(string(status), "\nUmask:\t")
	line, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(line, 8, 32)
	if err != nil {
		return 0o777
	}
	return uint32(mask)
}
