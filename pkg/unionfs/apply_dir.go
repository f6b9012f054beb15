package unionfs

import (
	"container/list"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// dir is a directory of the layer that is known to exist because we made it. Only the reader touches the tree; a worker
// gets a dir with an open fd and gives it back.
//
// Owner, mode, attributes and times are set at the very end: a setgid bit or a default ACL would be inherited by what is made
// inside, and every name made inside changes the time.
type dir struct {
	parent *dir
	name   string
	sub    map[string]*dir

	attr   *attr  // nil for a directory that the archive only implies
	made   uint32 // mode that mkdirat(2) left
	opaque bool

	fd   int // -1 while closed
	refs int // jobs that use fd; guarded by unpacker.mu
	lru  *list.Element
}

// maxOpen bounds the directory descriptors kept open. A tar stream goes through a tree in order, so a few would do.
const maxOpen = 64

func (d *dir) path() string {
	if d.parent == nil {
		return "."
	}
	if d.parent.parent == nil {
		return d.name
	}
	return d.parent.path() + "/" + d.name
}

// find returns the known directory at path, or nil.
func (u *unpacker) find(path string) *dir {
	d := u.root
	if path == "" {
		return d
	}
	for part := range strings.SplitSeq(path, "/") {
		if d = d.sub[part]; d == nil {
			return nil
		}
	}
	return d
}

// parent returns the directory at path, making what the archive has not named. Entries come in runs of one directory, so the last answer is kept.
func (u *unpacker) parent(path string) (*dir, error) {
	if u.last != nil && u.lastPath == path {
		return u.last, nil
	}
	d := u.root
	if path != "" {
		for part := range strings.SplitSeq(path, "/") {
			sub := d.sub[part]
			if sub == nil {
				var err error
				if sub, err = u.mkdir(d, part, nil); err != nil {
					return nil, err
				}
			}
			d = sub
		}
	}
	u.last, u.lastPath = d, path
	return d, nil
}

// mkdir makes the directory name in d. A whiteout or file of that name comes from an earlier entry of this layer and hides what the
// lower layers have, so the directory that takes its place is opaque. An implied directory (nil attr) replaces only a whiteout.
func (u *unpacker) mkdir(d *dir, name string, a *attr) (*dir, error) {
	if err := u.wait(slot{d, name}); err != nil {
		return nil, err
	}
	fd, err := u.open(d)
	if err != nil {
		return nil, err
	}
	perm := uint32(0o755)
	if a != nil {
		perm = a.mode&0o777 | 0o700 // we must get in, with or without CAP_DAC_OVERRIDE
	}
	opaque := false
	err = unix.Mkdirat(fd, name, perm)
	if errors.Is(err, unix.EEXIST) {
		if err = u.clearForDir(fd, name, a == nil); err == nil {
			opaque = true
			err = unix.Mkdirat(fd, name, perm)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make directory %s: %w", name, err)
	}
	sub := &dir{parent: d, name: name, attr: a, made: perm&^u.umask | u.sgid, opaque: opaque, fd: -1}
	if d.sub == nil {
		d.sub = map[string]*dir{}
	}
	d.sub[name] = sub
	return sub, nil
}

func (u *unpacker) clearForDir(fd int, name string, implied bool) error {
	var st unix.Stat_t
	if err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if implied && !isWhiteoutStat(&st) {
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return fmt.Errorf("path through a symbolic link: %w", ErrUnsafe)
		}
		return unix.ENOTDIR
	}
	return unix.Unlinkat(fd, name, 0)
}

// open returns the descriptor of d. It is good until the next call, or while d.refs counts a job.
func (u *unpacker) open(d *dir) (int, error) {
	if d.fd >= 0 {
		if d.lru != nil {
			u.opened.MoveToFront(d.lru)
		}
		return d.fd, nil
	}
	fd, err := u.reopen(d)
	if err != nil {
		return -1, fmt.Errorf("open directory %s: %w", d.path(), err)
	}
	d.fd, d.lru = fd, u.opened.PushFront(d)
	if u.opened.Len() > maxOpen {
		u.closeIdle()
	}
	return fd, nil
}

// reopen opens d from its parent if that is open, else from the root. In both cases the kernel follows no link, leaves neither
// the root nor the file system, and so ends at the directory that we made or fails.
func (u *unpacker) reopen(d *dir) (int, error) {
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	at, path := u.root.fd, d.name
	if d.parent.fd >= 0 {
		at = d.parent.fd
	} else {
		path = d.path()
	}
	for {
		fd, err := unix.Openat2(at, path, &how)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) { // EAGAIN: something was renamed during the walk
			continue
		}
		return fd, err
	}
}

// closeIdle closes the directories used longest ago until a quarter of the room is free. The one used last stays.
func (u *unpacker) closeIdle() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for e := u.opened.Back(); e != nil && e != u.opened.Front() && u.opened.Len() > maxOpen*3/4; {
		prev, d := e.Prev(), e.Value.(*dir)
		if d.refs == 0 {
			u.closeDir(d)
		}
		e = prev
	}
}

func (u *unpacker) closeDir(d *dir) {
	if d.lru != nil {
		u.opened.Remove(d.lru)
		d.lru = nil
	}
	if d.fd >= 0 {
		unix.Close(d.fd)
		d.fd = -1
	}
}

// remove deletes d with all that is in it, for an entry that takes its place. No job is running.
func (u *unpacker) remove(d *dir) error {
	for _, sub := range d.sub {
		if err := u.remove(sub); err != nil {
			return err
		}
	}
	fd, err := u.open(d)
	if err != nil {
		return err
	}
	names, err := readNames(fd, -1)
	if err != nil {
		return fmt.Errorf("read directory %s: %w", d.path(), err)
	}
	for _, name := range names {
		if err := unix.Unlinkat(fd, name, 0); err != nil {
			return fmt.Errorf("remove %s/%s: %w", d.path(), name, err)
		}
	}
	u.closeDir(d)
	if fd, err = u.open(d.parent); err != nil {
		return err
	}
	if err := unix.Unlinkat(fd, d.name, unix.AT_REMOVEDIR); err != nil {
		return fmt.Errorf("remove directory %s: %w", d.path(), err)
	}
	delete(d.parent.sub, d.name)
	return nil
}

// readNames reads up to n names of the directory behind fd, from its start; n < 0 means all.
func readNames(fd, n int) ([]string, error) {
	again, err := unix.Openat(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(again), ".")
	defer f.Close()
	names, err := f.Readdirnames(n)
	if n > 0 && len(names) == 0 {
		return nil, nil // io.EOF
	}
	return names, err
}
