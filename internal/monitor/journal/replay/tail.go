package replay

import "github.com/container-labs/lab/internal/monitor/journal"

// tail is where the last lines begin, so many of both streams together, in the order in which the lines ended. It reads backward
// from the end, and no further than it must. A last line without a newline is a line.
func (l *log) tail(lines int64, from, end place) place {
	t := &tail{want: lines, from: from, end: end, at: end}
	for _, i := range [...]int{journal.Stderr, journal.Stdout} { // open lines are printed at the very end, stderr's after stdout's
		if !l.endsLine(i, from[i], end[i]) {
			t.take(i)
		}
	}
	for k := len(l.parts) - 1; k >= 0 && !t.done; k-- {
		t.part(l.parts[k])
	}
	begin := end
	for i := range begin {
		if t.some[i] {
			begin[i] = l.lineBegin(i, from[i], t.at[i])
		}
	}
	return begin
}

type tail struct {
	want      int64 // lines
	from, end place
	at        place   // how far back each stream was read
	some      [2]bool // the stream has one of the lines
	done      bool
}

// take counts a line of a stream, and says whether it is one of those wanted.
func (t *tail) take(stream int) bool {
	if t.want <= 0 {
		t.done = true
		return false
	}
	t.want--
	t.some[stream] = true
	return true
}

// part goes back through one part.
func (t *tail) part(p *part) {
	low, high := p.bounds(t.from, t.end)
	if low[0] >= high[0] || low[1] >= high[1] { // a single stream needs no marks
		for i := range low {
			t.chunk(p, i, low[i], high[i])
		}
		return
	}
	t.rest(p, p.last().Size, low, &high)
	p.backward(func(m journal.Mark) bool {
		t.rest(p, m.Size, low, &high)
		return !t.done
	})
	t.rest(p, [2]int64{}, low, &high)
}

// rest goes back to the sizes of a mark. What lies between two marks is one stream's; where it is not, stderr came last.
func (t *tail) rest(p *part, size [2]int64, low [2]int64, high *[2]int64) {
	for _, i := range [...]int{journal.Stderr, journal.Stdout} {
		begin := max(size[i], low[i])
		t.chunk(p, i, begin, high[i])
		high[i] = min(high[i], begin)
	}
}

func (t *tail) chunk(p *part, stream int, low, high int64) {
	if t.done || low >= high {
		return
	}
	newlines(p.data[stream], low, high, func(at int64) bool {
		t.at[stream] = point{p.number, at + 1}
		return t.take(stream)
	})
	if t.done {
		return
	}
	t.at[stream] = point{p.number, low}
}

// endsLine says whether the byte before a point is a newline.
func (l *log) endsLine(stream int, from, end point) bool {
	for k := len(l.parts) - 1; k >= 0; k-- {
		p := l.parts[k]
		low, high := p.bounds(place{from, from}, place{end, end})
		if low[stream] < high[stream] {
			return !l.withinLine(stream, point{p.number, high[stream]})
		}
	}
	return true // there is nothing
}
