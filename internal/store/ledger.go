package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Undo is one line of a ledger: how to take back one thing.
type Undo struct {
	Do  string // the name of a [Doer]: "cgroup", "container", "name"
	Arg string // what to take back: a path
}

// Doer takes one thing back. It must succeed when the thing is gone already, or was never made.
type Doer func(arg string) error

// Ledger is the list of what must be undone for one container, in the order in which it was made. While its owner lives
// it holds a lock on the file.
type Ledger struct {
	store *Store
	id    string
	file  *os.File
}

// Begin writes a ledger before the first thing is made. One that a dead owner left, and that nobody could finish yet, is taken
// over and goes on. While its owner lives the error is fs.ErrExist.
func (s *Store) Begin(id string, undo ...Undo) (*Ledger, error) {
	lost := false // a sweeper took our new file, still empty, for an orphan; it will remove it
	for {
		file, err := s.create(id)
		inherited := errors.Is(err, fs.ErrExist)
		if inherited {
			if file, err = s.inherit(id, err); errors.Is(err, fs.ErrNotExist) {
				continue // its owner has just finished
			}
		}
		if lost && errors.Is(err, fs.ErrExist) {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			return nil, err
		}
		l := &Ledger{store: s, id: id, file: file}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil || unlinked(file) {
			lost = lost || !inherited
			_ = file.Close()
			continue
		}
		if err := l.Add(undo...); err != nil {
			if !inherited {
				_ = os.Remove(file.Name())
			}
			_ = file.Close()
			return nil, err
		}
		return l, nil
	}
}

// inherit opens a ledger that is there, or returns taken while its owner lives.
func (s *Store) inherit(id string, taken error) (*os.File, error) {
	file, err := os.OpenFile(s.Path("ledger", id), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		_ = file.Close()
		return nil, taken
	}
	return file, nil
}

func (s *Store) create(id string) (*os.File, error) {
	const flags = os.O_CREATE | os.O_EXCL | os.O_RDWR | os.O_APPEND
	file, err := os.OpenFile(s.Path("ledger", id), flags, 0o640)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.prepare(); err != nil {
			return nil, err
		}
		file, err = os.OpenFile(s.Path("ledger", id), flags, 0o640)
	}
	if err != nil {
		return nil, fmt.Errorf("write the ledger: %w", err)
	}
	return file, nil
}

// Adopt takes over a ledger whose lock this process has inherited on the descriptor lock.
func (s *Store) Adopt(id string, lock int) (*Ledger, error) {
	var own, named unix.Stat_t
	err := unix.Fstat(lock, &own)
	if err == nil {
		err = unix.Stat(s.Path("ledger", id), &named)
	}
	if err == nil && (own.Ino != named.Ino || own.Dev != named.Dev) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("take over the ledger: %w", err)
	}
	unix.CloseOnExec(lock)
	return &Ledger{store: s, id: id, file: os.NewFile(uintptr(lock), s.Path("ledger", id))}, nil
}

// ErrStays is what a [Doer] returns for a thing that is not to be undone now, because somebody uses it although its owner died: the
// ledger stays as it is.
var ErrStays = errors.New("it is in use")

// Lock is the descriptor that holds the lock. A child process that inherits it would hold the lock too: it must close it.
func (l *Ledger) Lock() int { return int(l.file.Fd()) }

// Add writes further lines, before the things that they undo are made.
func (l *Ledger) Add(undo ...Undo) error {
	var text strings.Builder
	for _, u := range undo {
		text.WriteString(u.Do + " " + oneLine(u.Arg) + "\n")
	}
	if _, err := l.file.WriteString(text.String()); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

// Undo takes everything back, last thing first, and removes the ledger. It stops at the first thing that cannot be taken back,
// for what was made before it may still be in use; then the ledger stays, for the next attempt.
func (l *Ledger) Undo(doers map[string]Doer) error {
	data, err := os.ReadFile(l.file.Name())
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	lines := parse(string(data))
	for i := len(lines) - 1; i >= 0; i-- {
		do, known := doers[lines[i].Do]
		if !known {
			l.Leave()
			return fmt.Errorf("the ledger %s asks for %q, which this lab does not know", l.id, lines[i].Do)
		}
		if err := do(lines[i].Arg); err != nil {
			l.Leave()
			return err
		}
	}
	return l.Done()
}

// Leave gives the ledger up as it is: the next lab command finishes it.
func (l *Ledger) Leave() { _ = l.file.Close() }

// Done removes the ledger: nothing is left to undo, or what is left is meant to stay.
func (l *Ledger) Done() error {
	err := ignoreMissing(os.Remove(l.file.Name()))
	_ = l.file.Close()
	return err
}

// oneLine spells a path without newlines: a ledger has one line for each thing.
func oneLine(arg string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(arg)
}

func fromLine(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(text)
}

// parse reads complete lines. A line that was torn by the owner's death was never acted on.
func parse(text string) []Undo {
	var list []Undo
	for {
		line, rest, whole := strings.Cut(text, "\n")
		if !whole {
			return list
		}
		if do, arg, ok := strings.Cut(line, " "); ok {
			list = append(list, Undo{Do: do, Arg: fromLine(arg)})
		}
		text = rest
	}
}

// Pending returns the arguments of all lines of one kind in all ledgers: what is being made, or in use, right now.
func (s *Store) Pending(do string) []string {
	entries, err := os.ReadDir(s.Path("ledger"))
	if err != nil {
		return nil
	}
	var args []string
	for _, e := range entries {
		data, _ := os.ReadFile(s.Path("ledger", e.Name()))
		for _, u := range parse(string(data)) {
			if u.Do == do {
				args = append(args, u.Arg)
			}
		}
	}
	return args
}

// Owned are the containers that have a ledger: somebody runs or removes them, or did so and died.
func (s *Store) Owned() map[string]bool {
	ids := map[string]bool{}
	if dir, err := os.Open(s.Path("ledger")); err == nil {
		names, _ := dir.Readdirnames(-1)
		_ = dir.Close()
		for _, id := range names {
			ids[id] = true
		}
	}
	return ids
}

// Sweep finishes the undoing for owners that died. It returns the ids that it cleaned up after. It costs one
// directory listing when there is nothing to do, and does not wait for owners that live.
func (s *Store) Sweep(doers map[string]Doer) ([]string, error) {
	dir, err := os.Open(s.Path("ledger"))
	if err != nil {
		return nil, ignoreMissing(err)
	}
	defer dir.Close()
	ids, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list the ledgers: %w", err)
	}
	var swept []string
	var failed []error
	for _, id := range ids {
		done, err := s.sweepOne(dir, id, doers)
		if err != nil {
			failed = append(failed, err)
		} else if done {
			swept = append(swept, id)
		}
	}
	return swept, errors.Join(failed...)
}

func (s *Store) sweepOne(dir *os.File, id string, doers map[string]Doer) (bool, error) {
	fd, err := unix.Openat(int(dir.Fd()), id, unix.O_RDWR|unix.O_CLOEXEC, 0) // not os.OpenFile: mostly the lock is taken, and that is all
	if err != nil {
		return false, ignoreMissing(&fs.PathError{Op: "open", Path: s.Path("ledger", id), Err: err})
	}
	if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil {
		_ = unix.Close(fd) // its owner lives
		return false, nil
	}
	file := os.NewFile(uintptr(fd), s.Path("ledger", id))
	if unlinked(file) { // somebody swept it before us
		_ = file.Close()
		return false, nil
	}
	l := &Ledger{store: s, id: id, file: file}
	if err := l.Undo(doers); err != nil {
		if errors.Is(err, ErrStays) {
			return false, nil
		}
		return false, fmt.Errorf("clean up after container %.12s: %w", id, err)
	}
	return true, nil
}

func unlinked(file *os.File) bool {
	var st unix.Stat_t
	return unix.Fstat(int(file.Fd()), &st) == nil && st.Nlink == 0
}
