package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Remove deletes a directory of the store and all below it. It refuses anything that is not below the store: a ledger is
// a file, and files get damaged.
func (s *Store) Remove(path string) error {
	if err := s.Inside(path); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// Inside says whether path is something that the store may remove.
func (s *Store) Inside(path string) error {
	rel, err := filepath.Rel(s.dir, path)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, "../") || strings.Count(rel, "/") < 1 {
		return fmt.Errorf("remove %s: it is not something inside %s", path, s.dir)
	}
	return nil
}

// ReleaseAny gives up the name in a ledger line "NAME ID".
func (s *Store) ReleaseAny(arg string) error {
	name, id, ok := strings.Cut(arg, " ")
	if !ok || name == "" || strings.Contains(name, "/") {
		return fmt.Errorf("give up the name %q: the ledger line is damaged", arg)
	}
	return s.Release(name, id)
}
