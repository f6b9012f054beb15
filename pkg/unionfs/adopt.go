package unionfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Adopt gives the directories implied of the layer dir (Applied.Implied) the owner, mode, time and attributes that the same directories have in
// the layers below, lower, topmost first. Without it a layer with "tmp/x" and no entry for "tmp" would show /tmp as root's with mode 0755, for in
// an overlay a merged directory looks as its topmost layer has it. Directories that are not below stay as they are.
//
// Kernel: openat(2), fchown(2), fchmod(2), fsetxattr(2), utimensat(2).
func Adopt(dir string, implied, lower []string) error {
	if len(implied) == 0 || len(lower) == 0 {
		return nil
	}
	layers, err := openUnion(lower, dir)
	if err != nil {
		return err
	}
	defer closeLayers(layers)
	for _, p := range implied {
		from, err := source(p, layers)
		if err == nil && from != nil {
			err = copyAttr(layers[0], from, p)
		}
		if err != nil {
			return fmt.Errorf("adopt directory %s of %s: %w", p, dir, err)
		}
	}
	return nil
}

// source finds the topmost layer below layers[0] whose directory p is merged into layers[0]'s, by walking the union from its root.
func source(p string, layers []*layer) (*layer, error) {
	at := "."
	for part := range strings.SplitSeq(p, "/") {
		at = path.Join(at, part)
		var with []*layer
		for i, l := range layers {
			isDir, stop, err := l.merges(at)
			if err != nil {
				return nil, err
			}
			if isDir {
				with = append(with, l)
			}
			if i == 0 && !isDir {
				return nil, nil
			}
			if stop {
				break
			}
		}
		layers = with
	}
	if len(layers) < 2 {
		return nil, nil
	}
	return layers[1], nil
}

// merges says whether the layer has a directory p, and whether what it has there hides the layers below.
func (l *layer) merges(p string) (isDir, stop bool, err error) {
	fi, err := l.root.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil || !fi.IsDir() {
		return false, true, err
	}
	f, err := l.root.OpenFile(p, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false, false, err
	}
	defer f.Close()
	m, err := readMarks(int(f.Fd()))
	return true, m.opaque, err
}

func copyAttr(to, from *layer, p string) error {
	n := name{layer: from, path: p}
	xattrs, err := n.xattrs()
	if err != nil {
		return err
	}
	fi, err := from.root.Lstat(p)
	if err != nil {
		return err
	}
	st := fi.Sys().(*syscall.Stat_t)
	f, err := to.root.OpenFile(p, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fd := int(f.Fd())
	if err := unix.Fchown(fd, int(st.Uid), int(st.Gid)); err != nil {
		return fmt.Errorf("chown: %w", err)
	}
	if err := unix.Fchmod(fd, st.Mode&0o7777); err != nil {
		return fmt.Errorf("chmod: %w", err)
	}
	for key, value := range xattrs {
		if err := unix.Fsetxattr(fd, key, []byte(value), 0); err != nil {
			return fmt.Errorf("set attribute %s: %w", key, err)
		}
	}
	times := [2]unix.Timespec{{Sec: st.Atim.Sec, Nsec: st.Atim.Nsec}, {Sec: st.Mtim.Sec, Nsec: st.Mtim.Nsec}}
	if err := futimens(fd, &times); err != nil {
		return fmt.Errorf("set times: %w", err)
	}
	return nil
}
