package course

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// unpack copies start/ to the work directory, and start/ and solution/ beside it for the shell.
func (s *Session) unpack(l *Lab, work string) error {
	if !l.Go() {
		return nil
	}
	side := sideDir(work)
	for _, copy := range [...]struct{ from, to string }{{"start", work}, {"start", side + "/start"}, {"solution", side + "/solution"}} {
		if err := s.copyFiles(l, copy.from, copy.to); err != nil {
			return err
		}
	}
	path := filepath.Join(work, "go.mod")
	if err := os.WriteFile(path, []byte(goMod), 0o644); err != nil {
		return fmt.Errorf("copy the files of the lab: %w", err)
	}
	return s.give(path)
}

// sideDir is where the lab's own files are, beside the work directory.
func sideDir(work string) string {
	return filepath.Join(filepath.Dir(work), "."+filepath.Base(work))
}

func (s *Session) copyFiles(l *Lab, from, to string) error {
	if err := s.mkdir(to); err != nil {
		return err
	}
	entries, err := fs.ReadDir(l.Files, from)
	if err != nil {
		return fmt.Errorf("copy the files of the lab: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := fs.ReadFile(l.Files, from+"/"+e.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(to, e.Name()), text, 0o644)
		}
		if err == nil {
			err = s.give(filepath.Join(to, e.Name()))
		}
		if err != nil {
			return fmt.Errorf("copy the files of the lab: %w", err)
		}
	}
	return nil
}
