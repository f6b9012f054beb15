package carry

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Packing says how [Pack] writes.
type Packing struct {
	Nodes bool                             // devices go along; else they are named to Warn and left out
	Owner func(uid, gid int) (int, int)    // nil: as they are
	Warn  func(format string, args ...any) // what is left out, or changed while it was read
	Count func(bytes int64)                // nil: nobody counts
}

// Pack writes the source to w as a tar stream in which it is called as; "." leaves its own name away. What a link leads to is not looked
// at. A file that is written to meanwhile is a mix of before and after.
//
// Kernel: openat(2) O_PATH|O_NOFOLLOW of each name in its directory, fstat(2), then open(2) of /proc/self/fd/N for what is a regular
// file or directory.
func Pack(ctx context.Context, w io.Writer, s *Source, as string, opt Packing) error {
	p := &packer{ctx: ctx, dev: s.st.Dev, tw: tar.NewWriter(w), opt: opt, links: map[[2]uint64]string{}, buf: make([]byte, 256<<10)}
	if err := p.file(s.fd, &s.st, as); err != nil {
		return err
	}
	return p.tw.Close()
}

type packer struct {
	ctx   context.Context
	dev   uint64 // the file system where the source begins
	tw    *tar.Writer
	opt   Packing
	links map[[2]uint64]string // the first name of a file that has several
	buf   []byte
}

// file writes what is behind an O_PATH descriptor.
func (p *packer) file(fd int, st *unix.Stat_t, name string) error {
	if err := context.Cause(p.ctx); err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid), ModTime: time.Unix(st.Mtim.Unix()), Format: tar.FormatPAX}
	if p.opt.Owner != nil {
		h.Uid, h.Gid = p.opt.Owner(h.Uid, h.Gid)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return p.directory(fd, h)
	case unix.S_IFSOCK:
		p.opt.Warn("%s is a socket, which cannot be copied: left out", name)
		return nil
	case unix.S_IFCHR, unix.S_IFBLK:
		if !p.opt.Nodes {
			p.opt.Warn("%s is a device: left out", name)
			return nil
		}
		h.Typeflag = tar.TypeChar
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			h.Typeflag = tar.TypeBlock
		}
		h.Devmajor, h.Devminor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
		return p.tw.WriteHeader(h)
	case unix.S_IFIFO:
		h.Typeflag = tar.TypeFifo
		return p.tw.WriteHeader(h)
	case unix.S_IFLNK:
		target, err := readlink(fd)
		if err != nil {
			return fmt.Errorf("read the link %s: %w", name, err)
		}
		h.Typeflag, h.Linkname = tar.TypeSymlink, target
		return p.tw.WriteHeader(h)
	}
	if st.Nlink > 1 {
		key := [2]uint64{st.Dev, st.Ino}
		if first, known := p.links[key]; known {
			h.Typeflag, h.Linkname = tar.TypeLink, first
			return p.tw.WriteHeader(h)
		}
		p.links[key] = name
	}
	return p.regular(fd, st, h)
}

func (p *packer) directory(fd int, h *tar.Header) error {
	dir, err := os.Open(handle(fd))
	if err != nil {
		return fmt.Errorf("open directory %s: %w", h.Name, plain(err))
	}
	defer dir.Close()
	name := h.Name
	h.Typeflag, h.Name = tar.TypeDir, name+"/"
	xattrs(int(dir.Fd()), h)
	if err := p.tw.WriteHeader(h); err != nil || p.kernels(fd) {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err != nil && len(names) == 0 {
		return fmt.Errorf("read directory %s: %w", name, plain(err))
	}
	slices.Sort(names)
	for _, child := range names {
		if err := p.child(int(dir.Fd()), child, path.Join(name, child)); err != nil {
			return err
		}
	}
	return nil
}

// kernels says whether a directory is where the kernel's own files begin: /proc, /sys and what is mounted there are no part of a container's tree, and
// stay empty directories in a copy of it, as in docker's. Whoever names one of them as the source gets it.
func (p *packer) kernels(fd int) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Dev == p.dev {
		return false
	}
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) != nil {
		return false
	}
	switch fs.Type {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC, unix.DEVPTS_SUPER_MAGIC, unix.SECURITYFS_MAGIC, unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC:
		return true
	}
	return false
}

func (p *packer) child(dir int, name, full string) error {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil // removed since
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", full, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("look at %s: %w", full, err)
	}
	return p.file(fd, &st, full)
}

// regular writes a file with the size that it has when it is opened. A file of /proc or /sys says that it is empty, and is not.
func (p *packer) regular(fd int, st *unix.Stat_t, h *tar.Header) error {
	file, err := os.Open(handle(fd))
	if err != nil {
		return fmt.Errorf("open %s: %w", h.Name, plain(err))
	}
	defer file.Close()
	if err := unix.Fstat(int(file.Fd()), st); err != nil {
		return fmt.Errorf("look at %s: %w", h.Name, err)
	}
	h.Typeflag, h.Size = tar.TypeReg, st.Size
	xattrs(int(file.Fd()), h)
	var from io.Reader = file
	if st.Size == 0 && st.Blocks == 0 {
		text, err := io.ReadAll(io.LimitReader(file, 4<<20))
		if err != nil {
			return fmt.Errorf("read %s: %w", h.Name, plain(err))
		}
		h.Size, from = int64(len(text)), strings.NewReader(string(text))
	}
	if err := p.tw.WriteHeader(h); err != nil {
		return err
	}
	return p.content(from, h)
}

func (p *packer) content(from io.Reader, h *tar.Header) error {
	left := h.Size
	for left > 0 {
		if err := context.Cause(p.ctx); err != nil {
			return err
		}
		n, err := from.Read(p.buf[:min(left, int64(len(p.buf)))])
		if n > 0 {
			if _, err := p.tw.Write(p.buf[:n]); err != nil {
				return err
			}
			left -= int64(n)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", h.Name, plain(err))
		}
		if err != nil && left > 0 {
			p.opt.Warn("%s became shorter while it was copied: filled up with zeros", h.Name)
			clear(p.buf)
			for left > 0 {
				n, err := p.tw.Write(p.buf[:min(left, int64(len(p.buf)))])
				if err != nil {
					return err
				}
				left -= int64(n)
			}
		}
	}
	if p.opt.Count != nil {
		p.opt.Count(h.Size)
	}
	return nil
}

const paxXattr = "SCHILY.xattr."

// portable says whether an extended attribute belongs to the file, and neither to the host's security modules nor to overlayfs.
func portable(key string) bool {
	switch key {
	case "security.capability", "system.posix_acl_access", "system.posix_acl_default":
		return true
	}
	return strings.HasPrefix(key, "user.") && !strings.HasPrefix(key, "user.overlay.")
}

// xattrs adds the extended attributes of an open file. Those that cannot be read stay behind.
func xattrs(fd int, h *tar.Header) {
	list := make([]byte, 64<<10)
	n, err := unix.Flistxattr(fd, list)
	if err != nil || n == 0 {
		return
	}
	for key := range strings.SplitSeq(strings.TrimRight(string(list[:n]), "\x00"), "\x00") {
		if !portable(key) {
			continue
		}
		value := make([]byte, 64<<10)
		if n, err := unix.Fgetxattr(fd, key, value); err == nil {
			if h.PAXRecords == nil {
				h.PAXRecords = map[string]string{}
			}
			h.PAXRecords[paxXattr+key] = string(value[:n])
		}
	}
}

// plain takes the path of /proc/self/fd out of an error.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
