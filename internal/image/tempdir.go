package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A tempDir is layers/tmp-N while a layer grows in it. Its flock tells other
// processes that somebody works here.
type tempDir struct {
	path string
	lock *os.File
}

func (s *Store) newTempDir() (*tempDir, error) {
	for {
		path, err := os.MkdirTemp(s.path("layers"), "tmp-*")
		if err != nil {
			return nil, fmt.Errorf("make directory for a layer: %w", err)
		}
		lock, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept between the two calls
		}
		if err != nil {
			os.Remove(path)
			return nil, fmt.Errorf("open directory for a layer: %w", err)
		}
		if ok, err := tryLock(lock); err == nil && ok && stillNamed(lock, path) {
			return &tempDir{path: path, lock: lock}, nil
		}
		lock.Close() // somebody sweeps it as a dead one
	}
}

// remove is for a layer that is not wanted any more; after a rename it only lets go.
func (t *tempDir) remove() {
	_ = removeAll(t.path)
	t.lock.Close()
}

// newTempFile is locked like a tempDir.
func (s *Store) newTempFile() (*os.File, error) {
	for {
		f, err := os.CreateTemp(s.path("tmp"), "tmp-*")
		if err != nil {
			return nil, fmt.Errorf("make file: %w", err)
		}
		if ok, err := tryLock(f); err == nil && ok && stillNamed(f, f.Name()) {
			return f, nil
		}
		f.Close()
	}
}

// stalePartial is how long the beginning of a blob waits for its pull to go on.
const stalePartial = 7 * 24 * time.Hour

// sweep removes what dead processes left: temporary directories and files,
// leases, old partial downloads. What has a living owner is locked, and stays.
func (s *Store) sweep() {
	for _, dir := range []string{"layers", "tmp"} {
		entries, _ := os.ReadDir(s.path(dir))
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "tmp-") || strings.HasPrefix(e.Name(), "lease-") {
				removeIfDead(s.path(dir, e.Name()))
			}
		}
	}
	entries, _ := os.ReadDir(s.path("partial"))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > stalePartial {
			removeIfDead(s.path("partial", e.Name()))
		}
	}
}

func removeIfDead(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if dead, err := tryLock(f); err != nil || !dead || !stillNamed(f, path) {
		return
	}
	_ = removeAll(path)
}

// removeAll is os.RemoveAll for trees with directories that their owner may not
// write: without root, those must be opened up first.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = walkDirs(path, func(dir string) { _ = os.Chmod(dir, 0o700) })
	return os.RemoveAll(path)
}

func walkDirs(path string, visit func(string)) error {
	visit(path)
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			_ = walkDirs(path+"/"+e.Name(), visit)
		}
	}
	return nil
}
