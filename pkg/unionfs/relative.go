package unionfs

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// resolve makes the directories of a mount absolute that were relative to somebody's working directory, as in
//
//	mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
//
// The kernel keeps no record of what that was. Mostly it is the directory that the target is in, one above it, or the caller's own:
// each is tried, and the proof is an inode number. The root of an overlay has that of its topmost layer while all layers are on one
// file system; see "Inode properties" in the kernel's Documentation/filesystems/overlayfs.rst. Without a proof the overlay stays as
// it is.
func (o Overlay) resolve() Overlay {
	if o.absolute() == nil {
		return o
	}
	var root unix.Stat_t
	if unix.Stat(o.Target, &root) != nil {
		return o
	}
	var bases []string
	for dir := o.Target; dir != "/" && dir != "."; {
		dir = filepath.Dir(dir)
		bases = append(bases, dir)
	}
	if dir, err := os.Getwd(); err == nil {
		bases = append(bases, dir)
	}
	for _, base := range bases {
		if from := o.from(base); from.has(root.Ino) {
			return from
		}
	}
	return o
}

// from is the overlay with its relative directories below base.
func (o Overlay) from(base string) Overlay {
	lower := make([]string, len(o.Lower))
	for i, dir := range o.Lower {
		lower[i] = below(base, dir)
	}
	o.Lower, o.Upper, o.Work = lower, below(base, o.Upper), below(base, o.Work)
	return o
}

func below(base, dir string) string {
	if dir == "" || filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(base, dir)
}

// has says whether all layers are there, and one of them has the inode number.
func (o Overlay) has(ino uint64) bool {
	found := false
	for _, dir := range append(append([]string{}, o.layers()...), o.Upper) {
		if dir == "" {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(dir, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
			return false
		}
		found = found || st.Ino == ino
	}
	return found
}

// absolute refuses what is relative to nobody knows what.
func (o Overlay) absolute() error {
	for _, dir := range append(append([]string{}, o.layers()...), o.Upper) {
		if dir != "" && !filepath.IsAbs(dir) {
			return fmt.Errorf("find the overlay at %s: it was mounted with the relative path %q, and the kernel keeps no record of what that was relative to", o.Target, dir)
		}
	}
	return nil
}
