package event

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Read returns all events that are kept, the oldest first. Lines that are damaged are left out. No file is no event.
func Read(root string) ([]Event, error) {
	var list []Event
	for _, name := range [...]string{oldName, fileName} {
		file, err := open(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		var r lines
		more, err := r.read(file)
		_ = file.Close()
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		list = append(list, more...)
	}
	sortByTime(list)
	return list, nil
}

// sortByTime puts into order what two processes wrote in the same moment.
func sortByTime(list []Event) {
	slices.SortStableFunc(list, func(a, b Event) int { return a.Time.Compare(b.Time) })
}

// lines collects what it reads into whole lines: the last may be just being written.
type lines struct{ rest []byte }

// read takes all that a file has from where it stands.
func (l *lines) read(r io.Reader) ([]Event, error) {
	var list []Event
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		part, err := in.ReadSlice('\n')
		l.rest = append(l.rest, part...)
		if len(l.rest) > 2*maxLine { // no line of ours
			l.rest = l.rest[:0]
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return list, err
		}
		if e, ok := parse(l.rest); ok {
			list = append(list, e)
		}
		l.rest = l.rest[:0]
	}
}

// parse reads one line. On a full disk a line may be cut off in its middle, and the next follows it directly; that one is whole. It begins with one of
// these, which cannot be in a line elsewhere: there quotes have a backslash before them.
func parse(text []byte) (e Event, ok bool) {
	if json.Unmarshal(text, &e) == nil {
		return e, e.Type != ""
	}
	for _, begin := range [...]string{`{"status":`, `{"Type":`} {
		if i := bytes.LastIndex(text, []byte(begin)); i > 0 && json.Unmarshal(text[i:], &e) == nil {
			return e, e.Type != ""
		}
	}
	return e, false
}

// open refuses what is no regular file: somebody could have put a FIFO there.
func open(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return os.Open(path)
}
