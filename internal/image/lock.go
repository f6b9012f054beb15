package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tryLock takes an exclusive flock(2) if nobody holds one. It ends when f is
// closed or its process dies.
func tryLock(f *os.File) (bool, error) {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, unix.EINTR):
		default:
			return false, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}

// waitLock waits for the lock until ctx ends. It asks again and again, at growing
// distances: a blocking flock could not be called off.
func waitLock(ctx context.Context, f *os.File) error {
	pause := time.Millisecond
	for {
		ok, err := tryLock(f)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", f.Name(), context.Cause(ctx))
		case <-time.After(pause):
		}
		pause = min(2*pause, 50*time.Millisecond)
	}
}

// lockPath opens path with flags, waits for its lock, and makes sure that the
// file still has that name: its last owner may have renamed or removed it.
func lockPath(ctx context.Context, path string, flags int) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, flags, 0o644)
		if err != nil {
			return nil, err
		}
		if err := waitLock(ctx, f); err != nil {
			f.Close()
			return nil, err
		}
		if stillNamed(f, path) {
			return f, nil
		}
		f.Close()
	}
}

func stillNamed(f *os.File, path string) bool {
	have, err := f.Stat()
	if err != nil {
		return false
	}
	want, err := os.Lstat(path)
	return err == nil && os.SameFile(have, want)
}
