package course

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Ledger is what one lab has made, or found when it began: what reset goes by. It is written before each thing is made.
type Ledger struct {
	Lab     string         `json:"lab"`
	Started time.Time      `json:"started"`
	Ready   bool           `json:"ready"` // all of start is done
	Work    string         `json:"work"`
	Home    Home           `json:"home"`
	Fence   string         `json:"fence,omitempty"`
	Shells  []Moved        `json:"shells,omitempty"`   // terminals that were put into the fence
	Runs    []Run          `json:"runs,omitempty"`     // sessions of scripts that lab has run
	Pinned  map[string]int `json:"pinned,omitempty"`   // processes that the learner named
	Before  []string       `json:"before,omitempty"`   // what the lab declares and was there already: "link br0"
	Sysctls []Setting      `json:"settings,omitempty"` // the values that they had
}

// Run is the session of a script that lab has run: processes with this session, that are not older, are the lab's.
type Run struct {
	Session int    `json:"session"`
	Since   uint64 `json:"since"` // clock ticks after boot
	Boot    string `json:"boot"`  // id of that boot
}

// Moved is a process that was put into the fence, and the groups where it was.
type Moved struct {
	PID   int               `json:"pid"`
	Start uint64            `json:"start"`
	From  map[string]string `json:"from"` // the group's directory by its tree's
}

// Setting is a kernel setting and its value.
type Setting struct{ Name, Value string }

func (s *Session) ledgerFile(name string) string {
	return filepath.Join(s.Dir, "ledger", name+".json")
}

// Ledger reads what a lab has made; *NotStartedError where it is not started.
func (s *Session) Ledger(name string) (*Ledger, error) {
	if _, err := os.Lstat(s.ledgerFile(name)); errors.Is(err, fs.ErrNotExist) {
		return nil, &NotStartedError{name}
	}
	l := &Ledger{}
	return l, readJSON(s.ledgerFile(name), l)
}

func (s *Session) write(l *Ledger) error { return s.writeJSON(s.ledgerFile(l.Lab), l) }
