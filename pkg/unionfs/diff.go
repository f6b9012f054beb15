package unionfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ChangeKind is the letter that docker diff prints.
type ChangeKind byte

const (
	Added   ChangeKind = 'A' // the lower layers have no such name
	Changed ChangeKind = 'C' // they have, with other content or attributes; or a directory in which something is changed
	Deleted ChangeKind = 'D' // they have, and it is not seen any more; for a directory all that was in it goes without saying
)

// Change is one line of a diff.
type Change struct {
	Kind ChangeKind
	Path string // starting with "/"
}

func (c Change) String() string { return fmt.Sprintf("%c %s", c.Kind, c.Path) }

// Diff says what the upper directory changes in the union of lower, topmost first, sorted by path in byte order.
//
// It knows more than the names in upper. Behind an opaque directory all that the lower layers have counts as deleted, or as changed where it
// was made again. A file that was copied up but is the same, as after an open(2) for writing without a write, is no change, and
// a directory copied up on the way to it neither; what is the same is decided by type, mode, owner, time, attributes and content.
//
// Kernel: openat(2), getdents64(2), fgetxattr(2). Marks in trusted.overlay.* are seen with CAP_SYS_ADMIN only.
func Diff(upper string, lower []string) ([]Change, error) {
	layers, err := openUnion(lower, upper)
	if err != nil {
		return nil, err
	}
	defer closeLayers(layers)
	d := &differ{}
	if err := d.dir(".", layers[0], layers[1:], false); err != nil {
		return nil, fmt.Errorf("compare %s with its lower layers: %w", upper, err)
	}
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return d.changes, nil
}

type differ struct{ changes []Change }

func (d *differ) add(kind ChangeKind, p string) {
	d.changes = append(d.changes, Change{kind, "/" + p})
}

// dir compares the directory p of upper with the union of lower, the layers that have it as a directory. With fresh nothing
// of lower shines through, because upper's directory or one above it is opaque.
func (d *differ) dir(p string, upper *layer, lower []*layer, fresh bool) error {
	names, marks, err := upper.read(p)
	if err != nil {
		return err
	}
	fresh = fresh || marks.opaque && p != "."
	below, err := readMerged(p, lower)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, n := range names {
		taken[n.base()] = true
		if err := d.name(n, below.look(n.base()), fresh); err != nil {
			return err
		}
	}
	if !fresh {
		return nil
	}
	for _, base := range below.bases() {
		if !taken[base] && len(below.look(base).shown) > 0 {
			d.add(Deleted, path.Join(p, base))
		}
	}
	return nil
}

func (d *differ) name(n name, below found, fresh bool) error {
	existed := len(below.shown) > 0
	switch {
	case n.whiteout && existed:
		d.add(Deleted, n.path)
		return nil
	case n.whiteout:
		return nil
	case !existed:
		d.add(Added, n.path)
	case !n.mode.IsDir() || !below.isDir():
		same, err := sameFile(n, below.shown[0])
		if err != nil || same {
			return err
		}
		d.add(Changed, n.path)
	default:
		return d.sameDir(n, below, fresh)
	}
	if n.mode.IsDir() { // all that is in it is new
		return d.dir(n.path, n.layer, nil, true)
	}
	return nil
}

// sameDir takes a directory that both have: changed if its attributes are, or if anything in it is. Its time does not count: it only says when
// the last name was made in it.
func (d *differ) sameDir(n name, below found, fresh bool) error {
	before := len(d.changes)
	if err := d.dir(n.path, n.layer, below.layers(), fresh); err != nil {
		return err
	}
	changed := len(d.changes) > before
	if !changed {
		a, b, err := stats(n, below.shown[0])
		if err != nil {
			return err
		}
		same := a.Mode == b.Mode && a.Uid == b.Uid && a.Gid == b.Gid
		if same {
			same, err = sameXattrs(n, below.shown[0])
		}
		if err != nil {
			return err
		}
		changed = !same
	}
	if changed {
		d.add(Changed, n.path)
	}
	return nil
}

func stats(a, b name) (x, y *syscall.Stat_t, err error) {
	fa, err := a.layer.root.Lstat(a.path)
	if err != nil {
		return nil, nil, err
	}
	fb, err := b.layer.root.Lstat(b.path)
	if err != nil {
		return nil, nil, err
	}
	return fa.Sys().(*syscall.Stat_t), fb.Sys().(*syscall.Stat_t), nil
}

// sameFile compares the cheap things first; most files in an upper directory differ in their time.
func sameFile(a, b name) (bool, error) {
	x, y, err := stats(a, b)
	if err != nil {
		return false, err
	}
	if x.Mode != y.Mode || x.Uid != y.Uid || x.Gid != y.Gid || x.Rdev != y.Rdev || x.Mtim != y.Mtim {
		return false, nil
	}
	switch x.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		ta, err := a.layer.root.Readlink(a.path)
		if err != nil {
			return false, err
		}
		tb, err := b.layer.root.Readlink(b.path)
		return ta == tb, err
	case unix.S_IFREG:
		if x.Size != y.Size {
			return false, nil
		}
		if same, err := sameXattrs(a, b); !same || err != nil {
			return false, err
		}
		return sameContent(a, b)
	}
	return true, nil
}

func (n name) open() (*os.File, error) {
	return n.layer.root.OpenFile(n.path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

func sameXattrs(a, b name) (bool, error) {
	x, err := a.xattrs()
	if err != nil {
		return false, err
	}
	y, err := b.xattrs()
	return maps.Equal(x, y), err
}

func (n name) xattrs() (map[string]string, error) {
	f, err := n.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	keys, err := listXattrs(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, key := range keys {
		if !portable(key) {
			continue
		}
		value, err := getXattr(int(f.Fd()), key)
		if err != nil {
			return nil, err
		}
		all[key] = string(value)
	}
	return all, nil
}

func sameContent(a, b name) (bool, error) {
	f, err := a.open()
	if err != nil {
		return false, err
	}
	defer f.Close()
	g, err := b.open()
	if err != nil {
		return false, err
	}
	defer g.Close()
	p, q := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(f, p)
		m, err2 := io.ReadFull(g, q)
		if n != m || !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		for _, e := range []error{err, err2} {
			if errors.Is(e, io.EOF) || errors.Is(e, io.ErrUnexpectedEOF) {
				return true, nil
			}
			if e != nil {
				return false, e
			}
		}
	}
}
