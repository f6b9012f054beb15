package unionfs

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// ErrNested is in the chain of what [Mount] and [Overlay.Check] return when the upper directory is itself on an overlay, as everything in a container is.
var ErrNested = errors.New("the upper directory is on an overlay file system, which the kernel does not stack; put it on a tmpfs (mount -t tmpfs tmpfs DIR) or on a volume")

// Mount checks o, makes the kernel forget an earlier volatile mount of it, and mounts it.
//
// A volatile mount that was not followed by a clean end leaves the directory WORK/work/incompat/volatile, which stands for "these files
// may never have reached the disk". Mount removes it: the caller who asked for volatile has decided not to care, and who reuses the
// upper directory of one does so knowingly. Lower directories below a layer with an opaque root are left out; see [Visible].
//
// Kernel: statfs(2), unlinkat(2), then the calls of [Overlay.Ops]. Errors name the call that failed and keep its errno.
func Mount(o Overlay) error {
	if err := o.Check(); err != nil {
		return fmt.Errorf("mount overlay at %s: %w", o.Target, err)
	}
	if !o.readOnly() {
		if err := ForgetVolatile(o.Work); err != nil {
			return fmt.Errorf("mount overlay at %s: %w", o.Target, err)
		}
	}
	lower, err := Visible(o.Lower)
	if err != nil {
		return fmt.Errorf("mount overlay at %s: %w", o.Target, err)
	}
	o.Lower = lower
	if err := do(o.steps()); err != nil {
		return fmt.Errorf("mount overlay at %s: %w", o.Target, err)
	}
	return nil
}

// do makes the calls now. Unlike kernel.DoAll it closes what is open when one fails: this process goes on.
func do(steps []step) error {
	open := map[kernel.Slot]int{}
	defer func() {
		for _, fd := range open {
			unix.Close(fd)
		}
	}()
	for _, s := range steps {
		var used kernel.Slot
		op := s(func(slot kernel.Slot) kernel.Ref {
			used = slot
			return kernel.FD(open[slot])
		})
		value, err := kernel.Do(op)
		if err != nil {
			return err
		}
		switch {
		case op.Out != 0:
			open[op.Out] = value
		case op.Call == "close":
			delete(open, used)
		}
	}
	return nil
}

// Unmount takes the merged tree away; the directories stay as they are. It is no error if target is no mount point.
//
// Kernel: umount2(2) UMOUNT_NOFOLLOW. EBUSY: something in it is still open, or a process has its current directory there.
func Unmount(target string) error {
	_, err := kernel.Do(kernel.Umount(target, unix.UMOUNT_NOFOLLOW))
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if errors.Is(err, unix.EINVAL) && !isMountPoint(target) {
		return nil
	}
	return fmt.Errorf("unmount overlay at %s: %w", target, err)
}

// isMountPoint compares mount ids, which statx(2) has since Linux 5.8; when in doubt it says yes.
func isMountPoint(path string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, 0, &st)
	return err != nil || st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT == 0 || st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}

// ForgetVolatile removes the mark of a volatile mount from the work directory, without which the kernel refuses to use it again.
// It is no error if there is none. The mount must be gone.
func ForgetVolatile(work string) error {
	mark := filepath.Join(work, "work", "incompat", "volatile")
	if err := unix.Unlink(filepath.Join(mark, "dirty")); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove %s/dirty: %w", mark, err)
	}
	for _, dir := range []string{mark, filepath.Dir(mark)} {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove %s: %w", dir, err)
		}
	}
	return nil
}

// Check finds what the kernel would answer with a bare EINVAL, and says it in words: a directory that is missing, an upper on an overlay,
// upper and work on different file systems or inside each other.
func (o Overlay) Check() error {
	if len(o.layers()) == 0 {
		return fmt.Errorf("no lower directory: %w", unix.EINVAL)
	}
	for _, dir := range o.layers() {
		if _, err := stat(dir); err != nil {
			return fmt.Errorf("lower directory %s: %w", dir, err)
		}
	}
	if _, err := stat(o.Target); err != nil {
		return fmt.Errorf("target %s: %w", o.Target, err)
	}
	if o.readOnly() {
		return nil
	}
	upper, err := stat(o.Upper)
	if err != nil {
		return fmt.Errorf("upper directory %s: %w", o.Upper, err)
	}
	work, err := stat(o.Work)
	if err != nil {
		return fmt.Errorf("work directory %s: %w", o.Work, err)
	}
	switch {
	case upper.Dev != work.Dev:
		return fmt.Errorf("upper %s and work %s are on different file systems: %w", o.Upper, o.Work, unix.EXDEV)
	case inside(o.Upper, o.Work) || inside(o.Work, o.Upper):
		return fmt.Errorf("upper %s and work %s must lie side by side: %w", o.Upper, o.Work, unix.EINVAL)
	}
	return checkUpper(o.Upper)
}

func checkUpper(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("statfs %s: %w", dir, err)
	}
	if int64(fs.Type) == unix.OVERLAYFS_SUPER_MAGIC {
		return fmt.Errorf("%s: %w", dir, ErrNested)
	}
	return nil
}

// stat is stat(2) of a directory.
func stat(dir string) (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return st, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return st, unix.ENOTDIR
	}
	return st, nil
}

// inside reports whether a is b or below it.
func inside(a, b string) bool {
	ra, err := filepath.EvalSymlinks(a)
	if err != nil {
		return false
	}
	rb, err := filepath.EvalSymlinks(b)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(rb, ra)
	return err == nil && filepath.IsLocal(rel)
}

// Visible returns the lower directories, topmost first, down to the first whose root is opaque: a layer may say that it replaces everything below it, but
// overlayfs does not look for the mark on a layer's root.
func Visible(lower []string) ([]string, error) {
	for i, dir := range lower {
		opaque, err := IsOpaque(dir)
		if err != nil {
			return nil, err
		}
		if opaque {
			return lower[:i+1], nil
		}
	}
	return lower, nil
}
