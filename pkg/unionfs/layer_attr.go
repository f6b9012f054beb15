package unionfs

import (
	"archive/tar"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// header says of an inode what stat(2) says. FormatPAX keeps nanoseconds, long names and large owners.
func header(st *unix.Stat_t, name string) *tar.Header {
	h := &tar.Header{
		Name: name, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid),
		ModTime: time.Unix(st.Mtim.Unix()), Format: tar.FormatPAX,
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		h.Typeflag, h.Size = tar.TypeReg, st.Size
	case unix.S_IFDIR:
		h.Typeflag = tar.TypeDir
	case unix.S_IFIFO:
		h.Typeflag = tar.TypeFifo
	case unix.S_IFCHR, unix.S_IFBLK:
		h.Typeflag = tar.TypeChar
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			h.Typeflag = tar.TypeBlock
		}
		h.Devmajor, h.Devminor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	}
	return h
}

// portable says whether an attribute belongs to the file rather than to this host or this mount.
func portable(key string) bool {
	switch key {
	case "security.capability", "system.posix_acl_access", "system.posix_acl_default":
		return true
	}
	return strings.HasPrefix(key, "user.") && !strings.HasPrefix(key, userPrefix)
}

func readXattrs(fd int, h *tar.Header) error {
	keys, err := listXattrs(fd)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !portable(key) {
			continue
		}
		value, err := getXattr(fd, key)
		if errors.Is(err, unix.ENODATA) {
			continue // gone since
		}
		if err != nil {
			return err
		}
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords[paxXattr+key] = string(value)
	}
	return nil
}

// nodeXattrs reads the attributes of what must not be opened: a device or FIFO.
func nodeXattrs(dirfd int, name string, h *tar.Header) error {
	fd, err := unix.Openat(dirfd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	inode := handle(fd)
	for _, key := range []string{"system.posix_acl_access", "security.capability"} {
		value := make([]byte, 64<<10)
		n, err := unix.Getxattr(inode, key, value)
		if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
			continue
		}
		if err != nil {
			return err
		}
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords[paxXattr+key] = string(value[:n])
	}
	return nil
}

// listXattrs returns no names where the file system has no attributes. E2BIG and ERANGE cannot come: 64 KiB is the kernel's own limit (XATTR_LIST_MAX).
func listXattrs(fd int) ([]string, error) {
	n, err := unix.Flistxattr(fd, nil)
	if errors.Is(err, unix.ENOTSUP) || err == nil && n == 0 {
		return nil, nil
	}
	buf := make([]byte, 64<<10)
	if err == nil {
		n, err = unix.Flistxattr(fd, buf)
	}
	if err != nil || n == 0 { // overlayfs first counts its own names and then leaves them out
		return nil, err
	}
	return strings.Split(strings.TrimRight(string(buf[:n]), "\x00"), "\x00"), nil
}

func getXattr(fd int, key string) ([]byte, error) {
	n, err := unix.Fgetxattr(fd, key, nil)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, n)
	n, err = unix.Fgetxattr(fd, key, buf)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// marks are what overlayfs has written on an inode of an upper directory.
type marks struct{ opaque, redirect, metacopy bool }

func readMarks(fd int) (marks, error) {
	var m marks
	keys, err := listXattrs(fd)
	if err != nil {
		return m, err
	}
	for _, prefix := range []string{trustedPrefix, userPrefix} {
		m.redirect = m.redirect || slices.Contains(keys, prefix+"redirect")
		m.metacopy = m.metacopy || slices.Contains(keys, prefix+"metacopy")
		if !slices.Contains(keys, prefix+"opaque") {
			continue
		}
		value, err := getXattr(fd, prefix+"opaque")
		if err != nil && !errors.Is(err, unix.ENODATA) {
			return m, err
		}
		m.opaque = m.opaque || string(value) == "y"
	}
	return m, nil
}

func sortedNames(fd int) ([]string, error) {
	names, err := readNames(fd, -1)
	slices.Sort(names)
	return names, err
}

func readlinkAt(dirfd int, name string) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dirfd, name, buf)
	if err != nil {
		return "", os.NewSyscallError("readlinkat", err)
	}
	return string(buf[:n]), nil
}
