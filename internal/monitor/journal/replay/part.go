package replay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// part is one part of a log, with its files open: they can be read even when the writer has removed them.
type part struct {
	number int
	dir    string
	data   [2]*os.File // nil: nothing was written there
	times  *os.File    // nil: no mark yet
	size   [2]int64    // bytes, when [part.refresh] looked last
	marked int64       // bytes of times then

	settled bool // there is a younger one, so it does not grow, and it was looked at since
	holed   bool // some of it was removed before it was opened
}

// refresh looks what there is now. The bytes are looked at before their marks: what is missing in the marks that are seen, is on its way.
func (p *part) refresh() error {
	for i, name := range journal.Names {
		if err := look(&p.data[i], &p.size[i], filepath.Join(p.dir, name)); err != nil {
			return err
		}
	}
	return look(&p.times, &p.marked, filepath.Join(p.dir, journal.Times))
}

func look(f **os.File, size *int64, path string) error {
	if *f == nil {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		*f = file
	}
	info, err := (*f).Stat()
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	*size = info.Size()
	return nil
}

func (p *part) close() {
	for _, f := range [...]*os.File{p.data[0], p.data[1], p.times} {
		if f != nil {
			f.Close()
		}
	}
}

// damaged says that some of the part was removed before it was opened. It is asked when the part does not grow any more.
func (p *part) damaged() bool {
	return p.lacks() && p.vanishes()
}

// vanishes says whether a part is being removed: times goes first, the directory last (journal.Writer). One whose writer was killed, or
// found no room for a mark, or one from before a power cut, may lack the same files, and stays.
func (p *part) vanishes() bool {
	for range 50 {
		if _, err := os.Stat(p.dir); err != nil {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// log is the parts of a log that are there, oldest first.
type log struct {
	dir     string
	parts   []*part
	begun   bool // something is to be printed of all that comes
	removed int  // parts that were removed while they were opened, and of which not all can be printed
}

// refresh opens the parts that are new, and looks at the last ones again.
func (l *log) refresh() error {
	numbers, err := l.list()
	if err != nil {
		return err
	}
	had := len(l.parts)
	if had > 0 { // the only one that may have grown
		p := l.parts[had-1]
		if err := p.refresh(); err != nil {
			return err
		}
		grows := len(numbers) == 0 || numbers[len(numbers)-1] <= p.number
		if !grows && !p.settled {
			p.settled = true
			if p.holed = p.damaged(); p.holed {
				l.removed++
			}
		}
	}
	for i, n := range numbers {
		if last := len(l.parts) - 1; last >= 0 && n <= l.parts[last].number {
			continue
		}
		p := &part{number: n, dir: filepath.Join(l.dir, journal.PartName(n))}
		if err := p.refresh(); err != nil {
			p.close()
			return err
		}
		if p.settled = i < len(numbers)-1; p.settled && p.damaged() {
			p.close()
			if !l.begun { // what is older has gone too, or is about to: the log begins behind it
				l.forget(n)
			}
			continue
		}
		l.parts = append(l.parts, p)
	}
	return nil
}

func (l *log) list() ([]int, error) {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was printed, or all is removed
	}
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	var numbers []int
	for _, e := range entries {
		if n, ok := journal.PartNumber(e.Name()); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (l *log) close() {
	for _, p := range l.parts {
		p.close()
	}
}

// forget closes the parts before a number.
func (l *log) forget(below int) {
	for len(l.parts) > 0 && l.parts[0].number < below {
		l.parts[0].close()
		l.parts = l.parts[1:]
	}
}
