package replay

import (
	"github.com/container-labs/lab/internal/monitor/journal"
)

// sink takes what is printed, in the order of the log.
type sink interface {
	chunk(c chunk) error // bytes of one stream, which came at one time
	flush() error        // nothing comes for a while
	cut() error          // what comes next does not follow on what came last
	close() error        // nothing comes any more
}

// chunk is a range of a stream's file.
type chunk struct {
	part     *part
	stream   int
	from, to int64
	time     int64 // ns since 1970
}

// print gives the sink what lies between two places. timed: the sink wants to know when each byte came.
func (l *log) print(from, to place, timed bool, s sink) error {
	for _, p := range l.parts {
		if err := p.print(from, to, timed, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) print(from, to place, timed bool, s sink) error {
	at, high := p.bounds(from, to)
	upTo := func(size [2]int64, time int64) error {
		for i := range at {
			if end := min(size[i], high[i]); at[i] < end {
				if err := s.chunk(chunk{p, i, at[i], end, time}); err != nil {
					return err
				}
				at[i] = end
			}
		}
		return nil
	}
	open := func(i int) bool { return at[i] < high[i] }
	if timed && (open(0) || open(1)) || open(0) && open(1) {
		offset, _ := p.find(func(m journal.Mark) bool { return m.Size[0] > at[0] || m.Size[1] > at[1] })
		marks := p.scan(offset)
		for open(0) || open(1) {
			m, ok := marks.next()
			if !ok {
				break
			}
			if err := upTo(m.Size, m.Time); err != nil {
				return err
			}
		}
	}
	if !open(0) && !open(1) {
		return nil
	}
	return upTo(high, p.changed()) // of one stream alone, or without a mark: the writer was killed, or is about to write it
}
