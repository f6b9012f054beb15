package unionfs

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// The two spellings of "this name is deleted". A layer's tar stream can only hold files, so the image format
// (OCI image-spec, layer.md, "Whiteouts") uses reserved file names. Overlayfs works on inodes, so it uses a device
// number that no driver owns and an extended attribute (kernel: Documentation/filesystems/overlayfs.rst).
const (
	// WhiteoutPrefix starts the name of an empty file that deletes the name behind it: ".wh.motd" deletes "motd".
	WhiteoutPrefix = ".wh."
	// OpaqueMarker is the file in a directory that hides everything which lower layers have in that directory.
	OpaqueMarker = ".wh..wh..opq"

	// reservedPrefix starts names that AUFS kept for itself (".wh..wh.plnk", ".wh..wh.aufs"); only OpaqueMarker means something.
	reservedPrefix = ".wh..wh."

	trustedPrefix = "trusted.overlay."
	userPrefix    = "user.overlay."
)

// overlayPrefix is where overlayfs keeps its attributes: "trusted." needs CAP_SYS_ADMIN in the first user namespace,
// "user." is for mounts with the option userxattr, which is what a rootless mount must use.
func overlayPrefix(userXattr bool) string {
	if userXattr {
		return userPrefix
	}
	return trustedPrefix
}

// IsWhiteout reports whether fi is a whiteout: a character device with the number 0/0.
//
// The information must come from lstat(2) or a directory read, so from [os.Lstat] or [fs.DirEntry.Info].
func IsWhiteout(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}

func isWhiteoutStat(st *unix.Stat_t) bool {
	return st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0
}

// MakeWhiteout makes path a whiteout: overlayfs then shows no such name, whatever lower layers have there.
//
// Kernel: mknod(2) with S_IFCHR and device 0/0, which needs no privilege since Linux 5.8. It fails with EEXIST where path is already taken.
func MakeWhiteout(path string) error {
	if err := unix.Mknod(path, unix.S_IFCHR, 0); err != nil {
		return fmt.Errorf("make whiteout %s: %w", path, err)
	}
	return nil
}

// IsOpaque reports whether the directory at path hides what lower layers have in it: whether trusted.overlay.opaque or
// user.overlay.opaque is "y". A path without the attribute, or on a file system without attributes, is not opaque.
//
// Kernel: lgetxattr(2). Without CAP_SYS_ADMIN in the first user namespace trusted attributes look absent; see xattr(7).
func IsOpaque(path string) (bool, error) {
	for _, prefix := range []string{trustedPrefix, userPrefix} {
		var b [2]byte
		n, err := unix.Lgetxattr(path, prefix+"opaque", b[:])
		switch {
		case err == nil && n == 1 && b[0] == 'y':
			return true, nil
		// ERANGE: longer than two bytes, so not "y". "x" is Linux 6.8's mark for "look for whiteouts in here", not for opaque.
		case err == nil, errors.Is(err, unix.ENODATA), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ERANGE):
		default:
			return false, fmt.Errorf("read %sopaque of %s: %w", prefix, path, err)
		}
	}
	return false, nil
}

// MakeOpaque makes the directory at path hide what lower layers have in it. With userXattr the mark is user.overlay.opaque, which only
// a mount with the option userxattr heeds; without, it is trusted.overlay.opaque, and writing it needs CAP_SYS_ADMIN.
//
// Kernel: lsetxattr(2). ENOTSUP comes from a file system without such attributes.
func MakeOpaque(path string, userXattr bool) error {
	name := overlayPrefix(userXattr) + "opaque"
	if err := unix.Lsetxattr(path, name, []byte("y"), 0); err != nil {
		return fmt.Errorf("set %s of %s: %w", name, path, err)
	}
	return nil
}
