package replay

import "github.com/container-labs/lab/internal/monitor/journal"

// losses counts the bytes that the writer could not write. Marks say how many these were since their part's beginning.
type losses struct {
	seen  map[int]int64 // of a part: how many are not to be counted, or were
	total int64
}

// before makes count leave out what was lost before a place.
func (s *losses) before(l *log, from place) {
	s.seen = map[int]int64{}
	for _, p := range l.parts {
		low, _ := p.bounds(from, from)
		if low == [2]int64{} {
			continue
		}
		_, m := p.find(func(m journal.Mark) bool { return m.Size[0] > low[0] || m.Size[1] > low[1] })
		s.seen[p.number] = m.Lost
	}
}

// count counts what was lost since it counted last.
func (s *losses) count(l *log) {
	for _, p := range l.parts {
		lost := p.last().Lost
		s.total += max(lost-s.seen[p.number], 0)
		s.seen[p.number] = lost
	}
}
