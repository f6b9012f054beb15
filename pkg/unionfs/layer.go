package unionfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNotPlain is in the chain of what [Layer] returns for an upper directory that does not hold its own content: one mounted with
// redirect_dir=on or metacopy=on, where a renamed directory or a changed mode only points into the lower layers.
var ErrNotPlain = errors.New("upper directory needs its lower layers")

// Layer writes the overlay upper directory upper as a layer: an uncompressed tar stream in which a whiteout is a file ".wh.NAME" and an opaque
// directory has a file ".wh..wh..opq". [Apply] is its inverse. The root itself has no entry.
//
// Equal directories give equal bytes: names in byte order, no names of users, no access times. Of the extended attributes go along
// security.capability, user.* and the POSIX ACLs; those of overlayfs and of the host's security modules stay behind. Holes are written as zeros, sockets are left out.
//
// What is being changed while it is read gives a mix of before and after: a name that goes is left out, and a file that becomes shorter ends in zeros, as with
// tar(1). Only what becomes something else between two looks is an error. Nothing leads out of upper: no symbolic link is
// followed and nothing but regular files and directories is opened. A name in upper that starts with ".wh." cannot be said in a layer and is an error.
//
// Kernel: openat(2) O_NOFOLLOW, getdents64(2), fstatat(2), flistxattr(2). Reading trusted.overlay.opaque needs CAP_SYS_ADMIN.
func Layer(ctx context.Context, w io.Writer, upper string) error {
	if err := writeTree(ctx, w, upper, true); err != nil {
		return fmt.Errorf("write layer of %s: %w", upper, err)
	}
	return nil
}

// Tree writes the directory dir, say a merged root, as a plain tar stream, in the order and with the attributes of [Layer] and without its reading of
// whiteouts and marks. It stays on dir's file system: a mount point in it becomes an empty directory.
func Tree(ctx context.Context, w io.Writer, dir string) error {
	if err := writeTree(ctx, w, dir, false); err != nil {
		return fmt.Errorf("write tree of %s: %w", dir, err)
	}
	return nil
}

func writeTree(ctx context.Context, w io.Writer, dir string, layer bool) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	t := &treeWriter{ctx: ctx, tw: tar.NewWriter(w), layer: layer, dev: st.Dev, links: map[inode]string{}}
	if err := t.children(fd, ""); err != nil {
		return err
	}
	return t.tw.Close()
}

// treeWriter walks by descriptors, each opened in its parent without following a link.
type treeWriter struct {
	ctx   context.Context
	tw    *tar.Writer
	layer bool
	dev   uint64
	links map[inode]string // first name of each file that has several
	buf   []byte
}

type inode struct{ dev, ino uint64 }

// errGone is what child returns for a name that was removed after its directory was read, before anything was written for it.
var errGone = errors.New("it was removed meanwhile")

func gone(err error) error {
	if errors.Is(err, unix.ENOENT) {
		return errGone
	}
	return err
}

// children writes what is in the directory fd, whose path in the archive is dir.
func (t *treeWriter) children(fd int, dir string) error {
	if t.layer {
		if err := t.marks(fd, dir); err != nil {
			return err
		}
	}
	names, err := sortedNames(fd)
	if errors.Is(err, unix.ENOENT) { // the directory itself was removed
		return nil
	}
	if err != nil {
		return fmt.Errorf("read directory %q: %w", dir, err)
	}
	for _, name := range names {
		if err := context.Cause(t.ctx); err != nil {
			return err
		}
		full := path.Join(dir, name)
		err := t.child(fd, name, full)
		if errors.Is(err, errGone) {
			maps.DeleteFunc(t.links, func(_ inode, first string) bool { return first == full })
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// marks writes the opaque marker of the directory fd.
func (t *treeWriter) marks(fd int, dir string) error {
	m, err := readMarks(fd)
	if err != nil {
		return fmt.Errorf("read attributes of %q: %w", dir, err)
	}
	if m.redirect {
		return fmt.Errorf("directory %q is a redirect: %w", dir, ErrNotPlain)
	}
	if !m.opaque {
		return nil
	}
	return t.marker(path.Join(dir, OpaqueMarker))
}

// marker writes an empty file that only its name matters of. When and by whom a whiteout was made is no part of a layer.
func (t *treeWriter) marker(name string) error {
	return t.write(&tar.Header{Typeflag: tar.TypeReg, Name: name, Format: tar.FormatPAX})
}

func (t *treeWriter) child(parent int, name, full string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(parent, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("stat %q: %w", full, gone(err))
	}
	h := header(&st, full)
	if t.layer {
		if strings.HasPrefix(name, WhiteoutPrefix) {
			return fmt.Errorf("name %q would delete in a layer: %w", full, unix.EINVAL)
		}
		if isWhiteoutStat(&st) {
			return t.marker(path.Join(path.Dir(full), WhiteoutPrefix+name))
		}
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return t.directory(parent, name, full, &st, h)
	case unix.S_IFSOCK:
		return nil // tar has no such thing; whoever listens makes it anew
	}
	if st.Nlink > 1 {
		key := inode{st.Dev, st.Ino}
		if first, ok := t.links[key]; ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
			return t.write(h)
		}
		t.links[key] = full
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return t.regular(parent, name, &st, h)
	case unix.S_IFLNK:
		target, err := readlinkAt(parent, name)
		if err != nil {
			return fmt.Errorf("read link %q: %w", full, gone(err))
		}
		h.Typeflag, h.Linkname = tar.TypeSymlink, target
		return t.write(h)
	}
	if err := nodeXattrs(parent, name, h); err != nil {
		return fmt.Errorf("read attributes of %q: %w", full, gone(err))
	}
	return t.write(h)
}

func (t *treeWriter) directory(parent int, name, full string, st *unix.Stat_t, h *tar.Header) error {
	fd, err := unix.Openat(parent, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open directory %q: %w", full, gone(err))
	}
	defer unix.Close(fd)
	h.Name += "/"
	if err := readXattrs(fd, h); err != nil {
		return fmt.Errorf("read attributes of %q: %w", full, err)
	}
	if err := t.write(h); err != nil || st.Dev != t.dev {
		return err
	}
	return t.children(fd, full)
}

func (t *treeWriter) regular(parent int, name string, st *unix.Stat_t, h *tar.Header) error {
	fd, err := unix.Openat(parent, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %q: %w", h.Name, gone(err))
	}
	defer unix.Close(fd)
	var now unix.Stat_t
	if err := unix.Fstat(fd, &now); err != nil {
		return fmt.Errorf("stat %q: %w", h.Name, err)
	}
	if now.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("%q was replaced while read: %w", h.Name, unix.ESTALE)
	}
	h.Size = now.Size
	if err := readXattrs(fd, h); err != nil {
		return fmt.Errorf("read attributes of %q: %w", h.Name, err)
	}
	if t.layer {
		if m, err := readMarks(fd); err != nil {
			return fmt.Errorf("read attributes of %q: %w", h.Name, err)
		} else if m.metacopy {
			return fmt.Errorf("file %q has no content of its own: %w", h.Name, ErrNotPlain)
		}
	}
	if err := t.write(h); err != nil {
		return err
	}
	return t.content(fd, h)
}

// content copies exactly as much as the header has promised.
func (t *treeWriter) content(fd int, h *tar.Header) error {
	if t.buf == nil {
		t.buf = make([]byte, 256<<10)
	}
	for left := h.Size; left > 0; {
		if err := context.Cause(t.ctx); err != nil {
			return err
		}
		n, err := unix.Read(fd, t.buf[:min(left, int64(len(t.buf)))])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %q: %w", h.Name, err)
		}
		if n == 0 { // it became shorter; the archive has its length already
			n = int(min(left, int64(len(t.buf))))
			clear(t.buf[:n])
		}
		if _, err := t.tw.Write(t.buf[:n]); err != nil {
			return err
		}
		left -= int64(n)
	}
	return nil
}

func (t *treeWriter) write(h *tar.Header) error {
	if err := t.tw.WriteHeader(h); err != nil {
		return fmt.Errorf("write header of %q: %w", h.Name, err)
	}
	return nil
}
