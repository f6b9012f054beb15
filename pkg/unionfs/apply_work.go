package unionfs

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// kindWhiteout is the job kind beside tar's own type flags.
const kindWhiteout = 'w'

// job is one name to be made in a directory that exists. No two jobs at a time are for the same name.
type job struct {
	dir    *dir
	name   string
	kind   byte
	attr   attr
	link   string // target of a symbolic link
	dev    int
	size   int64
	sparse bool       // leave out blocks of zeros
	data   []byte     // all of a small file, in slab
	slab   *slab      // nil for empty and large files
	more   chan *slab // all of a large file, piece by piece
}

// work makes one job's name in the directory fd.
func (u *unpacker) work(fd int, j *job) error {
	if j.kind == tar.TypeReg {
		return u.writeFile(fd, j)
	}
	made := uint32(0)
	var err error
	switch j.kind {
	case kindWhiteout:
		err = unix.Mknodat(fd, j.name, unix.S_IFCHR, 0)
		if errors.Is(err, unix.EEXIST) { // a file of this layer, or the same whiteout once more
			err = nil
		}
		if err != nil {
			return fmt.Errorf("make whiteout: %w", err)
		}
		return nil
	case tar.TypeSymlink:
		err = place(fd, j.name, func() error { return unix.Symlinkat(j.link, fd, j.name) })
	case tar.TypeFifo:
		made = j.attr.mode & 0o777 &^ u.umask
		err = place(fd, j.name, func() error { return unix.Mknodat(fd, j.name, unix.S_IFIFO|j.attr.mode&0o777, 0) })
	case tar.TypeChar, tar.TypeBlock:
		made = j.attr.mode & 0o777 &^ u.umask
		format := uint32(unix.S_IFCHR)
		if j.kind == tar.TypeBlock {
			format = unix.S_IFBLK
		}
		err = place(fd, j.name, func() error { return unix.Mknodat(fd, j.name, format|j.attr.mode&0o777, j.dev) })
	}
	if err != nil {
		return fmt.Errorf("make: %w", err)
	}
	return u.setNodeAttr(fd, j.name, made, j.kind == tar.TypeSymlink, &j.attr)
}

// place makes a name and, where an earlier entry has it, replaces that.
func place(fd int, name string, make func() error) error {
	err := make()
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	if err := unix.Unlinkat(fd, name, 0); err != nil {
		return err
	}
	return make()
}

func (u *unpacker) writeFile(dirfd int, j *job) error {
	fd := -1
	err := place(dirfd, j.name, func() (err error) {
		fd, err = openNew(dirfd, j.name, j.attr.mode&0o777)
		return err
	})
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	err = u.fill(fd, j)
	if err == nil {
		err = u.setAttr(fd, j.attr.mode&0o777&^u.umask, &j.attr, j.name)
	}
	if cerr := unix.Close(fd); err == nil && cerr != nil { // a network file system may report a full disk only now
		err = fmt.Errorf("close: %w", cerr)
	}
	return err
}

// openNew creates a file and refuses one that is there, link or not.
func openNew(dirfd int, name string, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dirfd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

func (u *unpacker) fill(fd int, j *job) error {
	if j.more == nil {
		if j.sparse {
			return writeHoles(fd, j.data, 0, j.size)
		}
		return writeAll(fd, j.data)
	}
	var off int64
	for s := range j.more {
		var err error
		if j.sparse {
			err = writeHoles(fd, s.buf[:s.used], off, j.size)
		} else {
			err = writeAll(fd, s.buf[:s.used])
		}
		off += int64(s.used)
		s.release()
		if err != nil {
			return err
		}
	}
	if off != j.size { // the reader has stopped and said why
		return errStopped
	}
	return nil
}

func writeAll(fd int, p []byte) error {
	for len(p) > 0 {
		n, err := unix.Write(fd, p)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("write: %w", err)
		}
		p = p[max(n, 0):]
	}
	return nil
}

// holeSize is the page size of most file systems' blocks; a smaller hole would not save anything.
const holeSize = 4096

var zeros [holeSize]byte

// writeHoles writes p at off but for its blocks of zeros; the piece that reaches size sets the length.
func writeHoles(fd int, p []byte, off, size int64) error {
	if off == 0 {
		if err := unix.Ftruncate(fd, size); err != nil {
			return fmt.Errorf("set size to %d: %w", size, err)
		}
	}
	for len(p) > 0 {
		n := min(len(p), holeSize)
		if !bytes.Equal(p[:n], zeros[:n]) {
			if err := pwriteAll(fd, p[:n], off); err != nil {
				return err
			}
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func pwriteAll(fd int, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(fd, p, off)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("write: %w", err)
		}
		n = max(n, 0)
		p, off = p[n:], off+int64(n)
	}
	return nil
}
