package replay

import (
	"bytes"
	"math"
	"os"
	"time"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// place is where in each stream printing begins, or ends.
type place [2]point

// point is an offset in a stream's file of the part with this number.
type point struct {
	part int
	at   int64
}

func (p point) before(q point) bool { return p.part < q.part || p.part == q.part && p.at < q.at }

// bounds are what of a part's streams lies between two places.
func (p *part) bounds(from, to place) (low, high [2]int64) {
	for i := range low {
		switch {
		case from[i].part == p.number:
			low[i] = from[i].at
		case from[i].part > p.number:
			low[i] = math.MaxInt64
		}
		switch {
		case to[i].part == p.number:
			high[i] = min(to[i].at, p.size[i])
		case to[i].part > p.number:
			high[i] = p.size[i]
		}
	}
	return low, high
}

// begin is the place of the first byte, or of the first line whose beginning is still there.
func (l *log) begin() place {
	if len(l.parts) == 0 {
		return place{}
	}
	return l.whole(l.parts[0], l.end())
}

// whole is the place in a part where its first line begins of which nothing is in the part before.
func (l *log) whole(p *part, end place) place {
	to := place{{p.number, 0}, {p.number, 0}}
	m, _ := p.first()
	for i := range to {
		if m.Continues[i] {
			to[i] = l.nextLine(i, to[i], end)
		}
	}
	return to
}

// end is the place behind the last byte.
func (l *log) end() place {
	if len(l.parts) == 0 {
		return place{}
	}
	p := l.parts[len(l.parts)-1]
	return place{{p.number, p.size[0]}, {p.number, p.size[1]}}
}

// marked is the place behind the last bytes that have a mark. Marks of bytes that came after the files were looked at do not count:
// they may be of one stream, and of the other there may be older ones.
func (l *log) marked() place {
	if len(l.parts) == 0 {
		return place{}
	}
	p := l.parts[len(l.parts)-1]
	to := place{{p.number, 0}, {p.number, 0}}
	p.backward(func(m journal.Mark) bool {
		if m.Size[0] > p.size[0] || m.Size[1] > p.size[1] {
			return true
		}
		to[0].at, to[1].at = m.Size[0], m.Size[1]
		return false
	})
	return to
}

// at is the place of what came at a time or later: in each stream where the first line begins after the last byte from before.
func (l *log) at(t time.Time, end place) place {
	when := t.UnixNano()
	for i := len(l.parts) - 1; i >= 0; i-- {
		p := l.parts[i]
		if i > 0 && p.began() >= when {
			continue
		}
		_, before := p.find(func(m journal.Mark) bool { return m.Time >= when })
		if before == p.last() && p.changed() < when {
			before.Size = p.size // the bytes without a mark are as old
		}
		var at place
		for i := range at {
			at[i] = point{p.number, min(before.Size[i], p.size[i])}
			if l.withinLine(i, at[i]) {
				at[i] = l.nextLine(i, at[i], end)
			}
		}
		return at
	}
	return end
}

// began is the time of the part's first mark; where it has none, when its streams last changed.
func (p *part) began() int64 {
	if m, ok := p.first(); ok {
		return m.Time
	}
	return p.changed()
}

// changed is when the part's streams were last written to, in ns since 1970.
func (p *part) changed() (when int64) {
	for _, f := range p.data {
		if f == nil {
			continue
		}
		if info, err := f.Stat(); err == nil {
			when = max(when, info.ModTime().UnixNano())
		}
	}
	return when
}

// withinLine says whether the byte at a point is not the first of its line.
func (l *log) withinLine(stream int, at point) bool {
	p := l.find(at.part)
	if p == nil {
		return false
	}
	if at.at == 0 {
		m, _ := p.first()
		return m.Continues[stream]
	}
	var last [1]byte
	n, _ := p.data[stream].ReadAt(last[:], at.at-1)
	return n == 1 && last[0] != '\n'
}

func (l *log) find(number int) *part {
	for _, p := range l.parts {
		if p.number == number {
			return p
		}
	}
	return nil
}

// torn is how far to look for the end of a line whose beginning is not to be printed: binary output may have no lines.
const torn = 64 << 10

// nextLine is where the line ends that goes on at a point: behind its newline, or at the end if it has none yet; the point itself
// where that is too far away.
func (l *log) nextLine(stream int, from point, end place) point {
	buffer := make([]byte, probeSize)
	most := int64(torn)
	for _, p := range l.parts {
		low, high := p.bounds(place{from, from}, end)
		for at := low[stream]; at < high[stream]; {
			n, _ := p.data[stream].ReadAt(buffer[:min(probeSize, high[stream]-at)], at)
			if i := bytes.IndexByte(buffer[:n], '\n'); i >= 0 {
				return point{p.number, at + int64(i) + 1}
			}
			at += int64(n)
			if most -= int64(n); n == 0 || most <= 0 {
				return from
			}
		}
	}
	if from.before(end[stream]) {
		return end[stream]
	}
	return from
}

// lineBegin is the point behind the last newline before a point, or the first point there is.
func (l *log) lineBegin(stream int, first, from point) point {
	for k := len(l.parts) - 1; k >= 0; k-- {
		p := l.parts[k]
		low, high := p.bounds(place{first, first}, place{from, from})
		if low[stream] >= high[stream] {
			continue
		}
		found := false
		newlines(p.data[stream], low[stream], high[stream], func(offset int64) bool {
			first, found = point{p.number, offset + 1}, true
			return false
		})
		if found {
			return first
		}
	}
	return first
}

// newlines calls visit with the offsets of the newlines in a range of a file, the last one first, until it returns false.
func newlines(f *os.File, low, high int64, visit func(int64) bool) {
	buffer := make([]byte, min(blockSize, high-low))
	for high > low {
		from := max(high-int64(len(buffer)), low)
		n, _ := f.ReadAt(buffer[:high-from], from)
		text := buffer[:n]
		for {
			i := bytes.LastIndexByte(text, '\n')
			if i < 0 {
				break
			}
			if !visit(from + int64(i)) {
				return
			}
			text = text[:i]
		}
		high = from
	}
}
