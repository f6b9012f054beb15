package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// mounts unmounts what is mounted below the work directory, the last first, and what is declared.
func (r resetting) mounts(ctx context.Context) error {
	mounts, err := mountsOf(nil)
	if err != nil {
		return fmt.Errorf("read the mounts: %w", err)
	}
	work, err := filepath.EvalSymlinks(r.ledger.Work)
	if err != nil {
		work = r.ledger.Work
	}
	var declared []string
	for _, path := range r.lab.Reset.Mounts {
		declared = append(declared, r.v.path(ctx, path))
	}
	var errs []error
	for _, m := range slices.Backward(mounts) {
		mine := slices.Contains(declared, m.at)
		if !mine && m.at != work && !strings.HasPrefix(m.at, work+"/") {
			continue
		}
		if mine && r.wasThere("mount", m.at, "what is mounted at "+m.at) {
			continue
		}
		if err := unix.Unmount(m.at, unix.UMOUNT_NOFOLLOW); errors.Is(err, unix.EBUSY) {
			err = unix.Unmount(m.at, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
			if err == nil {
				r.out.left("a process still uses %s, which was unmounted: it is gone when that one ends", m.at)
			} else {
				errs = append(errs, fmt.Errorf("unmount %s: %w", m.at, err))
				continue
			}
		} else if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", m.at, err))
			continue
		}
		r.out.removed("the mount at %s (%s)", m.at, m.kind)
	}
	return errors.Join(errs...)
}

func (r resetting) files(ctx context.Context) error {
	var errs []error
	for _, path := range r.lab.Reset.Files {
		path = r.v.path(ctx, path)
		if !exists(path) || r.wasThere("file", path, path) {
			continue
		}
		if err := removeAll(path); err != nil {
			errs = append(errs, err)
			continue
		}
		r.out.removed("%s", path)
	}
	return errors.Join(errs...)
}

// work removes the work directory. Go files that the learner changed are kept aside.
func (r resetting) work(context.Context) error {
	work := r.ledger.Work
	if filepath.Dir(work) != r.s.Works || filepath.Base(work) != r.lab.Name {
		r.out.left("%s: it is not where work directories are now", work)
		return nil
	}
	if r.lab.Go() && exists(work) {
		kept, err := r.keepChanged(work)
		if err != nil {
			return err
		}
		r.out.Kept = kept
	}
	for _, dir := range []string{sideDir(work), work} {
		if !exists(dir) {
			continue
		}
		if err := removeAll(dir); err != nil {
			return err
		}
		if dir == work {
			r.out.removed("the work directory %s", dir)
		}
	}
	_ = os.Remove(r.s.Works) // where it is empty
	return nil
}

func (r resetting) keepChanged(work string) (string, error) {
	to := filepath.Join(r.s.Dir, "saved", r.lab.Name+"-"+time.Now().Format("20060102-150405"))
	kept := ""
	files, _ := filepath.Glob(filepath.Join(work, "*.go"))
	for _, file := range files {
		text, err := readWhole(file)
		if err != nil {
			continue
		}
		name := filepath.Base(file)
		same := false
		for _, dir := range [...]string{"start/", "solution/"} {
			own, err := fs.ReadFile(r.lab.Files, dir+name)
			same = same || err == nil && string(own) == text
		}
		if same {
			continue
		}
		if err := r.s.mkdir(to); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o644); err != nil {
			return "", fmt.Errorf("keep %s: %w", file, err)
		}
		_ = r.s.give(filepath.Join(to, name))
		kept = to
	}
	return kept, nil
}

// removeAll removes a directory, unless something is mounted in it still: then what is below belongs to another.
func removeAll(path string) error {
	mounts, err := mountsOf(nil)
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	for _, m := range mounts {
		if m.at == real || strings.HasPrefix(m.at, real+"/") {
			return fmt.Errorf("remove %s: something is still mounted at %s", path, m.at)
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
