package unionfs

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// finish gives the directories what had to wait until nothing is made in them any more: deepest first, so that one without the x bit closes behind us.
func (u *unpacker) finish() error {
	if err := u.finishDir(u.root, false); err != nil {
		return err
	}
	slices.Sort(u.sum.Implied)
	return nil
}

// finishDir takes d and all below it. Where fresh, lower layers cannot show through, because d or a directory above it is opaque.
func (u *unpacker) finishDir(d *dir, fresh bool) error {
	fresh = fresh || d.opaque && d.parent != nil
	for _, sub := range d.sub {
		if err := u.finishDir(sub, fresh); err != nil {
			return err
		}
	}
	if err := u.failed(); err != nil { // the context may end here too
		return err
	}
	if d.attr == nil && d.parent != nil {
		u.sum.Implied = append(u.sum.Implied, d.path())
	}
	if d.attr == nil && !fresh && !d.opaque {
		return nil
	}
	fd, err := u.open(d)
	if err != nil {
		return err
	}
	if fresh && u.sum.Whiteouts > 0 {
		if err := dropWhiteouts(fd); err != nil {
			return fmt.Errorf("remove whiteouts from opaque %s: %w", d.path(), err)
		}
	}
	if d.opaque {
		u.sum.Opaques++
		u.sum.OpaqueRoot = u.sum.OpaqueRoot || d.parent == nil
		name := overlayPrefix(u.opt.UserXattr) + "opaque"
		if err := unix.Fsetxattr(fd, name, []byte("y"), 0); err != nil {
			return fmt.Errorf("set %s of %s: %w", name, d.path(), err)
		}
	}
	if d.attr != nil {
		if err := u.setAttr(fd, d.made, d.attr, d.path()); err != nil {
			return fmt.Errorf("unpack %q: %w", d.path(), err)
		}
	}
	u.closeDir(d)
	return nil
}

// dropWhiteouts removes the whiteouts in the directory fd. Where nothing shines through they delete nothing, and overlayfs, which reads such
// a directory as it is, would list their names.
func dropWhiteouts(fd int) error {
	names, err := readNames(fd, -1)
	if err != nil {
		return err
	}
	for _, name := range names {
		var st unix.Stat_t
		if err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		if !isWhiteoutStat(&st) {
			continue
		}
		if err := unix.Unlinkat(fd, name, 0); err != nil {
			return err
		}
	}
	return nil
}
