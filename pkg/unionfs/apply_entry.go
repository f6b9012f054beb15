package unionfs

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"
)

// entry takes one entry: directories and hard links are made here and now, everything else becomes a job.
func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader { // git archive writes one
		return nil
	}
	u.sum.Entries++
	if u.left--; u.left < 0 {
		return fmt.Errorf("more than %d entries: %w", u.opt.maxEntries(), ErrTooLarge)
	}
	path, base, err := splitName(h.Name)
	if err != nil {
		return err
	}
	if skip, err := reserved(path, base); err != nil {
		return err
	} else if skip {
		u.skip("%q: leftover of AUFS", h.Name)
		return nil
	}
	if strings.HasPrefix(base, WhiteoutPrefix) {
		return u.marker(path, base)
	}
	a, err := u.attrOf(h)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return u.directory(path, base, &a)
	}
	if base == "" {
		return fmt.Errorf("the root of the layer is not a directory: %w", ErrUnsafe)
	}
	j := &job{name: base, kind: h.Typeflag, attr: a, link: h.Linkname}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		j.kind = tar.TypeReg
		return u.regular(path, j, h, content)
	case tar.TypeLink:
		return u.hardlink(path, base, h.Linkname)
	case tar.TypeChar, tar.TypeBlock:
		if u.opt.SkipDevices {
			u.skip("%q: device %d:%d", h.Name, h.Devmajor, h.Devminor)
			return nil
		}
		if j.dev, err = device(h); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if h.Linkname == "" || strings.IndexByte(h.Linkname, 0) >= 0 {
			return fmt.Errorf("symbolic link to %q: %w", h.Linkname, unix.EINVAL)
		}
	case tar.TypeFifo:
	default:
		return fmt.Errorf("entry of type %q: %w", h.Typeflag, tar.ErrHeader)
	}
	if err := u.prepare(path, j); err != nil {
		return err
	}
	u.sum.Files++
	return u.queue(j)
}

// device refuses the number 0/0, and numbers that the kernel would cut down to it: it has 12 bits for the major and 20 for the minor.
func device(h *tar.Header) (int, error) {
	major, minor := h.Devmajor, h.Devminor
	if major < 0 || major >= 1<<12 || minor < 0 || minor >= 1<<20 {
		return 0, fmt.Errorf("device %d:%d: %w", major, minor, unix.EINVAL)
	}
	if h.Typeflag == tar.TypeChar && major == 0 && minor == 0 {
		return 0, fmt.Errorf("character device 0:0 is a whiteout: %w", ErrUnsafe)
	}
	return int(unix.Mkdev(uint32(major), uint32(minor))), nil
}

// marker takes a file whose name starts with ".wh.".
func (u *unpacker) marker(path, base string) error {
	if base == OpaqueMarker {
		d, err := u.parent(path)
		if err != nil {
			return err
		}
		d.opaque = true
		return nil
	}
	target, err := whiteoutTarget(base)
	if err != nil {
		return err
	}
	d, err := u.parent(path)
	if err != nil {
		return err
	}
	u.sum.Whiteouts++
	if sub := d.sub[target]; sub != nil { // the lower one goes, the one from this layer stays
		sub.opaque = true
		return nil
	}
	if u.busy(slot{d, target}) { // a file of this layer hides the lower one anyway
		return nil
	}
	j := &job{dir: d, name: target, kind: kindWhiteout}
	return u.queue(j)
}

// directory takes a directory's own entry, which may come after those of what is in it.
func (u *unpacker) directory(path, base string, a *attr) error {
	u.sum.Dirs++
	if base == "" {
		u.root.attr = a
		return nil
	}
	d, err := u.parent(path)
	if err != nil {
		return err
	}
	if sub := d.sub[base]; sub != nil {
		sub.attr = a
		return nil
	}
	_, err = u.mkdir(d, base, a)
	return err
}

// prepare finds the job's directory and sees that no directory is in the way and no other job makes the same name.
func (u *unpacker) prepare(path string, j *job) error {
	d, err := u.parent(path)
	if err != nil {
		return err
	}
	if sub := d.sub[j.name]; sub != nil {
		if err := u.waitAll(); err != nil {
			return err
		}
		u.last = nil
		if err := u.remove(sub); err != nil {
			return err
		}
	}
	j.dir = d
	return u.wait(slot{d, j.name})
}

// hardlink makes a name for a file that an earlier entry made. The target is looked up among the directories of
// this layer, so it can be neither outside nor behind a symbolic link.
func (u *unpacker) hardlink(path, base, target string) error {
	tpath, tbase, err := splitName(target)
	if err != nil {
		return fmt.Errorf("hard link to %q: %w", target, err)
	}
	j := &job{name: base}
	if err := u.prepare(path, j); err != nil {
		return err
	}
	from := u.find(tpath)
	if from == nil || tbase == "" {
		return fmt.Errorf("hard link to %q, which is not in this layer: %w", target, unix.ENOENT)
	}
	if err := u.wait(slot{from, tbase}); err != nil {
		return err
	}
	if from == j.dir && tbase == base {
		return nil // a file is already a link to itself
	}
	if err := u.link(from, tbase, j.dir, base); err != nil {
		return fmt.Errorf("hard link to %q: %w", target, err)
	}
	u.sum.Files++
	return nil
}

func (u *unpacker) link(from *dir, target string, to *dir, name string) error {
	u.hold(from, to) // so that opening the one cannot close the other
	defer u.unhold(from, to)
	fromfd, err := u.open(from)
	if err != nil {
		return err
	}
	tofd, err := u.open(to)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(fromfd, target, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if isWhiteoutStat(&st) {
		return unix.ENOENT
	}
	return place(tofd, name, func() error { return unix.Linkat(fromfd, target, tofd, name, 0) })
}
