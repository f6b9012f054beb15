package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Store is lab's directory, usually /var/lib/lab.
type Store struct {
	dir string

	// Made is told of the directory for containers when it has just been made; nil: nobody is.
	Made func(containers string)
}

// Open names the directory. Nothing is read or made yet. A relative name is made absolute: the ledger is read by whoever comes
// next, wherever that one stands.
func Open(dir string) *Store {
	if abs, err := filepath.Abs(dir); err == nil && dir != "" {
		dir = abs
	}
	return &Store{dir: dir}
}

// Path returns the path of something in the store.
func (s *Store) Path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// Container is the directory of a container: an OCI bundle with config.json, state.json, upper and work.
func (s *Store) Container(id string) string { return s.Path("containers", id) }

// Merged is the empty directory on which every container mounts its root, each in its own mount namespace: the host
// never sees anything in it.
func (s *Store) Merged() string { return s.Path("merged") }

// MakeContainer makes a container's directory, and on the first use of the store the directories above it.
func (s *Store) MakeContainer(id string) error {
	err := os.Mkdir(s.Container(id), 0o710)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.prepare(); err != nil {
			return err
		}
		err = os.Mkdir(s.Container(id), 0o710)
	}
	if err != nil {
		return fmt.Errorf("make the container's directory: %w", err)
	}
	return nil
}

func (s *Store) prepare() error {
	for _, dir := range [...]string{"containers", "merged", "names", "ledger"} {
		if err := os.MkdirAll(s.Path(dir), 0o710); err != nil {
			return fmt.Errorf("make lab's directory: %w", err)
		}
	}
	if s.Made != nil {
		s.Made(s.Path("containers"))
	}
	return nil
}

// TakenError says that another container has the name.
type TakenError struct{ Name, ID string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("the container name %q is already in use by container %q", e.Name, e.ID)
}

// Claim gives a name to a container, or returns a *TakenError.
func (s *Store) Claim(name, id string) error {
	path := s.Path("names", name)
	for range 3 {
		err := os.Symlink(id, path)
		if errors.Is(err, fs.ErrNotExist) {
			if err := s.prepare(); err != nil {
				return err
			}
			err = os.Symlink(id, path)
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("take the name %s: %w", name, err)
		}
		owner, err := os.Readlink(path)
		if err == nil {
			return &TakenError{Name: name, ID: owner}
		}
	}
	return fmt.Errorf("take the name %s: it comes and goes too fast; try again", name)
}

// Release gives a name up if container id has it.
func (s *Store) Release(name, id string) error {
	path := s.Path("names", name)
	if owner, err := os.Readlink(path); err != nil || owner != id {
		return nil
	}
	return ignoreMissing(os.Remove(path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
