package carry

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Unpacking says how [Unpack] makes files.
type Unpacking struct {
	Nodes bool                          // devices are made; else they are named to Warn and left out
	Owner func(uid, gid int) (int, int) // nil: as the stream says
	Warn  func(format string, args ...any)
	Count func(bytes int64) // nil: nobody counts
}

// ErrUnsafe is in the chain of what is returned for a stream that names something outside of the directory.
var ErrUnsafe = errors.New("the name leads out of the directory")

// Unpack reads a tar stream and makes its files below dir. No link is followed, neither one that is there nor one that the stream made.
// A file takes the place of one that is there in one step (rename(2)), and only when it is whole: on a disk that is full the old one stays. A
// directory that is there keeps its owner and mode. A directory is no replacement for a file, nor the reverse.
//
// Kernel: openat2(2) RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS, mkdirat(2), openat(2) O_CREAT|O_EXCL, symlinkat(2), linkat(2), mknodat(2),
// fchown(2), fchmod(2), fsetxattr(2), utimensat(2), renameat(2).
func Unpack(ctx context.Context, r io.Reader, dir int, opt Unpacking) error {
	u := &unpacker{ctx: ctx, root: dir, opt: opt, buf: make([]byte, 256<<10)}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fmt.Errorf("read the tar stream: %w", err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := u.entry(h, tr); err != nil {
			return fmt.Errorf("copy %s: %w", strings.TrimSuffix(h.Name, "/"), err)
		}
	}
	if err := u.times(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, r) // the padding, so that who writes does not get a broken pipe
	return err
}

type unpacker struct {
	ctx  context.Context
	root int
	opt  Unpacking
	buf  []byte
	dirs []made // directories that were made, whose attributes come last
	temp int
}

type made struct {
	name string
	h    *tar.Header
	ino  uint64 // as it was made
}

// local cleans a name of the stream; "" is the directory itself.
func local(name string) (string, error) {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", ErrUnsafe
		}
	}
	if strings.ContainsRune(name, 0) {
		return "", ErrUnsafe
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/"), nil
}

func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	name, err := local(h.Name)
	if err != nil {
		return err
	}
	if name == "" {
		return nil // the directory that is copied into is there
	}
	if u.opt.Owner != nil {
		h.Uid, h.Gid = u.opt.Owner(h.Uid, h.Gid)
	}
	parent, base, err := u.parent(name)
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	switch h.Typeflag {
	case tar.TypeDir:
		return u.directory(parent, base, name, h)
	case tar.TypeReg, tar.TypeGNUSparse:
		return u.regular(parent, base, h, content)
	case tar.TypeSymlink:
		return u.replace(parent, base, func(as string) error {
			if err := unix.Symlinkat(h.Linkname, parent, as); err != nil {
				return err
			}
			return u.nodeAttributes(parent, as, unix.S_IFLNK, h)
		})
	case tar.TypeLink:
		return u.link(parent, base, h)
	case tar.TypeFifo:
		return u.node(parent, base, unix.S_IFIFO, h)
	case tar.TypeChar, tar.TypeBlock:
		if !u.opt.Nodes {
			u.opt.Warn("%s is a device: left out", name)
			return nil
		}
		kind := uint32(unix.S_IFCHR)
		if h.Typeflag == tar.TypeBlock {
			kind = unix.S_IFBLK
		}
		return u.node(parent, base, kind, h)
	case tar.TypeXGlobalHeader:
		return nil
	}
	return fmt.Errorf("an entry of type %q is not known", h.Typeflag)
}

// parent opens the directory that a name is in; those that the stream did not name are made.
func (u *unpacker) parent(name string) (fd int, base string, err error) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	if dir == "" {
		fd, err = unix.Openat(u.root, ".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return fd, base, err
	}
	fd, err = beneath(u.root, dir, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOENT) {
		above, last, err := u.parent(dir)
		if err != nil {
			return -1, "", err
		}
		defer unix.Close(above)
		if err := unix.Mkdirat(above, last, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
			return -1, "", err
		}
		fd, err = beneath(above, last, unix.O_PATH|unix.O_DIRECTORY)
		return fd, base, err
	}
	return fd, base, err
}

func (u *unpacker) directory(parent int, base, name string, h *tar.Header) error {
	err := unix.Mkdirat(parent, base, 0o700)
	if errors.Is(err, unix.EEXIST) {
		var st unix.Stat_t
		if err := unix.Fstatat(parent, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		if !isDir(&st) {
			return errors.New("cannot overwrite non-directory with directory")
		}
		return nil
	}
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(parent, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	u.dirs = append(u.dirs, made{name, h, st.Ino})
	return nil
}

// replace makes something new. Where there is a file of that name already it is made beside it and then takes its place. What a mount covers
// cannot be replaced: EBUSY.
func (u *unpacker) replace(parent int, base string, make func(as string) error) error {
	err := make(base)
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(parent, base, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil && isDir(&st) {
		return errors.New("cannot overwrite directory with non-directory")
	}
	if fd, _, covered := u.covered(parent, base); covered {
		_ = unix.Close(fd)
		return fmt.Errorf("something is mounted there: %w", unix.EBUSY)
	}
	for range 100 {
		u.temp++
		as := fmt.Sprintf(".lab-cp-%d-%d", unix.Getpid(), u.temp)
		if err = make(as); errors.Is(err, unix.EEXIST) {
			continue
		}
		if err != nil {
			return err
		}
		if err = unix.Renameat(parent, as, parent, base); err != nil {
			_ = unix.Unlinkat(parent, as, 0)
		}
		return err
	}
	return err
}

func (u *unpacker) regular(parent int, base string, h *tar.Header, content io.Reader) error {
	if fd, st, covered := u.covered(parent, base); covered {
		defer unix.Close(fd)
		return u.overwrite(fd, &st, h, content)
	}
	// A file without a name (open(2), O_TMPFILE) gets one when it is whole: whoever kills lab before that leaves nothing behind.
	fd, err := unix.Openat(parent, ".", unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return u.named(parent, base, h, content) // overlayfs has them since Linux 6.3, some file systems never
	}
	defer unix.Close(fd)
	if err := u.fill(fd, h, content); err != nil {
		return err
	}
	if err := attributes(fd, h); err != nil {
		return err
	}
	return u.replace(parent, base, func(as string) error {
		return unix.Linkat(unix.AT_FDCWD, handle(fd), parent, as, unix.AT_SYMLINK_FOLLOW)
	})
}

// named makes a file that has its name from the beginning.
func (u *unpacker) named(parent int, base string, h *tar.Header, content io.Reader) error {
	return u.replace(parent, base, func(as string) error {
		fd, err := unix.Openat(parent, as, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return err
		}
		if err = u.fill(fd, h, content); err == nil {
			err = attributes(fd, h)
		}
		if closed := unix.Close(fd); err == nil {
			err = closed
		}
		if err != nil {
			_ = unix.Unlinkat(parent, as, 0)
		}
		return err
	})
}

// covered says whether a mount is on a name, such as a volume that is one file: then what is seen there is not the directory's own. It returns
// that file. A rename onto such a name would take the mount away, for all who see it (mount_namespaces(7)).
func (u *unpacker) covered(parent int, base string) (fd int, st unix.Stat_t, covered bool) {
	fd, err := unix.Openat(parent, base, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, st, false
	}
	var own, above unix.Statx_t
	if unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &own) == nil && unix.Statx(parent, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &above) == nil &&
		own.Mnt_id != above.Mnt_id && unix.Fstat(fd, &st) == nil {
		return fd, st, true
	}
	_ = unix.Close(fd)
	return -1, st, false
}

// overwrite writes into a file that cannot be replaced.
func (u *unpacker) overwrite(path int, st *unix.Stat_t, h *tar.Header, content io.Reader) error {
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("something is mounted there: %w", unix.EBUSY)
	}
	fd, err := unix.Open(handle(path), unix.O_WRONLY|unix.O_TRUNC|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return u.fill(fd, h, content)
}

// fill writes a new file. Blocks of zeros become holes.
func (u *unpacker) fill(fd int, h *tar.Header, content io.Reader) error {
	hole := int64(0)
	for left := h.Size; left > 0; {
		if err := context.Cause(u.ctx); err != nil {
			return err
		}
		n, err := io.ReadFull(content, u.buf[:min(left, int64(len(u.buf)))])
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		left -= int64(n)
		if n >= 4096 && zero(u.buf[:n]) {
			hole += int64(n)
		} else if err := u.write(fd, u.buf[:n], &hole); err != nil {
			return err
		}
	}
	if hole > 0 {
		if err := unix.Ftruncate(fd, h.Size); err != nil {
			return err
		}
	}
	if u.opt.Count != nil {
		u.opt.Count(h.Size)
	}
	return nil
}

func (u *unpacker) write(fd int, data []byte, hole *int64) error {
	if *hole > 0 {
		if _, err := unix.Seek(fd, *hole, io.SeekCurrent); err != nil {
			return err
		}
		*hole = 0
	}
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

func zero(b []byte) bool { return b[0] == 0 && bytes.Equal(b[:len(b)-1], b[1:]) }

// link makes a further name for a file that the stream made before, or that is there.
func (u *unpacker) link(parent int, base string, h *tar.Header) error {
	old, err := local(h.Linkname)
	if err != nil {
		return err
	}
	if old == "" {
		return ErrUnsafe
	}
	dir, from := path.Split(old)
	fd, err := beneath(u.root, path.Clean("./"+dir), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return u.replace(parent, base, func(as string) error { return unix.Linkat(fd, from, parent, as, 0) })
}

func (u *unpacker) node(parent int, base string, kind uint32, h *tar.Header) error {
	return u.replace(parent, base, func(as string) error {
		if err := unix.Mknodat(parent, as, kind|0o600, int(unix.Mkdev(uint32(h.Devmajor), uint32(h.Devminor)))); err != nil {
			return err
		}
		return u.nodeAttributes(parent, as, kind, h)
	})
}

// nodeAttributes sets what a link, device or FIFO has, without opening it. Somebody may have put another file there since it was made,
// so it is held by a descriptor and must be of the right kind.
func (u *unpacker) nodeAttributes(parent int, name string, kind uint32, h *tar.Header) error {
	fd, err := unix.Openat(parent, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != kind || st.Nlink > 1 {
		return ErrUnsafe
	}
	if err := unix.Fchownat(fd, "", h.Uid, h.Gid, unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	if kind != unix.S_IFLNK {
		if err := unix.Chmod(handle(fd), uint32(h.Mode)&0o7777); err != nil {
			return err
		}
	}
	return utimes(fd, h)
}

// attributes sets what an open file has. chown(2) takes set-user-ID bits and capabilities away, so they come after it.
func attributes(fd int, h *tar.Header) error {
	if err := unix.Fchown(fd, h.Uid, h.Gid); err != nil {
		return err
	}
	if err := unix.Fchmod(fd, uint32(h.Mode)&0o7777); err != nil {
		return err
	}
	for record, value := range h.PAXRecords {
		key, found := strings.CutPrefix(record, paxXattr)
		if !found || !portable(key) {
			continue
		}
		if err := unix.Fsetxattr(fd, key, []byte(value), 0); err != nil && !errors.Is(err, unix.ENOTSUP) {
			return fmt.Errorf("set the attribute %s: %w", key, err)
		}
	}
	return utimes(fd, h)
}

// times gives the new directories what they should have, the deepest first: what is made in a directory changes its time.
func (u *unpacker) times() error {
	for i := len(u.dirs) - 1; i >= 0; i-- {
		d := u.dirs[i]
		fd, err := beneath(u.root, d.name, unix.O_RDONLY|unix.O_DIRECTORY)
		if err != nil {
			return fmt.Errorf("copy %s: %w", d.name, err)
		}
		var st unix.Stat_t
		if err = unix.Fstat(fd, &st); err == nil && st.Ino != d.ino {
			err = errors.New("somebody has put another directory there")
		}
		if err == nil {
			err = attributes(fd, d.h)
		}
		_ = unix.Close(fd)
		if err != nil {
			return fmt.Errorf("copy %s: %w", d.name, err)
		}
	}
	return nil
}

// utimes is utimensat(2) of the descriptor itself, which may be an O_PATH one.
func utimes(fd int, h *tar.Header) error {
	at := h.ModTime
	if h.ModTime.IsZero() {
		at = time.Unix(0, 0)
	}
	mtime := unix.Timespec{Sec: at.Unix()}
	mtime.Nsec = int64(at.Nanosecond())
	ts := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, mtime}
	empty := [1]byte{}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])), uintptr(unsafe.Pointer(&ts)), unix.AT_EMPTY_PATH, 0, 0)
	if errno == unix.EINVAL { // older kernels: before 5.8
		errno = 0
	}
	if errno != 0 {
		return errno
	}
	return nil
}
