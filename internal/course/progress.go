package course

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// Progress is what a learner has done: progress.json, to be read by people, moved by export and import.
type Progress struct {
	Current string             `json:"current,omitempty"` // the lab that is meant where none is named
	Labs    map[string]*Record `json:"labs"`              // by name
}

// Record is what was done in one lab.
type Record struct {
	Started time.Time        `json:"started,omitzero"`
	Passed  time.Time        `json:"passed,omitzero"` // when all tasks were done for the first time
	Tasks   map[string]*Done `json:"tasks,omitempty"` // by name
}

// Done is what was done about one task.
type Done struct {
	At     time.Time `json:"at,omitzero"`      // when its check became true
	Hints  int       `json:"hints,omitempty"`  // how many were shown
	Solved bool      `json:"solved,omitempty"` // the solution was shown
	Given  bool      `json:"given,omitempty"`  // lab did it: start --catch-up --task
}

// Lab returns the record of a lab, which may be empty.
func (p *Progress) Lab(name string) *Record {
	if p.Labs == nil {
		p.Labs = map[string]*Record{}
	}
	if p.Labs[name] == nil {
		p.Labs[name] = &Record{}
	}
	return p.Labs[name]
}

// Task returns what was done about a task.
func (r *Record) Task(name string) *Done {
	if r.Tasks == nil {
		r.Tasks = map[string]*Done{}
	}
	if r.Tasks[name] == nil {
		r.Tasks[name] = &Done{}
	}
	return r.Tasks[name]
}

// Has says whether a task is done.
func (r *Record) Has(task string) bool { return r.Tasks[task] != nil && !r.Tasks[task].At.IsZero() }

// Count says how many tasks of a lab are done.
func (r *Record) Count(l *Lab) int {
	n := 0
	for i := range l.Tasks {
		if r.Has(l.Tasks[i].Name) {
			n++
		}
	}
	return n
}

// readJSON reads a file into v; a file that is not there leaves v as it is.
func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, reason(err))
	}
	return nil
}

// writeJSON replaces a file by rename(2), and gives it and its directories to the learner when root does it for one.
func (s *Session) writeJSON(path string, v any) error {
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = renameio.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, reason(err))
	}
	return s.give(path)
}

// mkdir makes a directory and those above it; each that is new is the learner's.
func (s *Session) mkdir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := s.mkdir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a directory for the course: %w", err)
	}
	return s.give(dir)
}

// give makes a file the learner's.
func (s *Session) give(path string) error {
	if os.Getuid() != 0 || s.UID == 0 && s.GID == 0 {
		return nil
	}
	return os.Lchown(path, s.UID, s.GID)
}
