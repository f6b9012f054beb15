package replay

import (
	"bytes"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// The marks of a part lie one after the other, in a file of lines. Their sizes rise, so they can be searched by halving; so can their
// times where [log.rises] says so. Lines that are none (a power cut leaves such) are passed over.

const (
	blockSize = 64 << 10
	probeSize = 4 << 10
)

// scanner reads marks forward.
type scanner struct {
	p      *part
	at     int64 // of the next line
	buffer []byte
	text   []byte // what of buffer is still to be parsed
}

// scan begins at the offset of a line.
func (p *part) scan(at int64) *scanner { return &scanner{p: p, at: at} }

// next is the next mark, and false after the last complete line.
func (s *scanner) next() (journal.Mark, bool) {
	for {
		line, ok := s.line()
		if !ok {
			return journal.Mark{}, false
		}
		if m, ok := journal.ParseMark(line); ok {
			return m, true
		}
	}
}

// line is the next line, whatever is in it, without its newline. It holds until the next call.
func (s *scanner) line() ([]byte, bool) {
	for {
		end := bytes.IndexByte(s.text, '\n')
		if end < 0 {
			if !s.fill() {
				return nil, false
			}
			continue
		}
		line := s.text[:end]
		s.text = s.text[end+1:]
		s.at += int64(end) + 1
		return line, true
	}
}

// fill reads on, from the beginning of the line that is not complete yet.
func (s *scanner) fill() bool {
	if s.p.times == nil || s.at+int64(len(s.text)) >= s.p.marked {
		return false
	}
	had := len(s.text)
	switch {
	case s.buffer == nil:
		s.buffer = make([]byte, probeSize) // who searches, wants one line here and there
	case len(s.buffer) < blockSize:
		s.buffer = make([]byte, blockSize)
	case had == len(s.buffer): // no line is so long: pass over it
		s.at += int64(had)
		had = 0
	}
	n, _ := s.p.times.ReadAt(s.buffer[:min(int64(len(s.buffer)), s.p.marked-s.at)], s.at)
	s.text = s.buffer[:n]
	return n > had
}

// find is the offset of the first line for whose mark is holds, given that it then holds for all that follow; and the mark before it,
// zero where there is none.
func (p *part) find(is func(journal.Mark) bool) (at int64, before journal.Mark) {
	low, high := int64(0), p.marked // the line begins in low..high
	for high-low > probeSize {
		middle := (low + high) / 2
		s := p.scan(middle)
		if middle > 0 && !s.skipLine() {
			high = middle
			continue
		}
		m, ok := s.next()
		if !ok || s.at > high || is(m) {
			high = middle
		} else {
			low, before = s.at, m
		}
	}
	s := p.scan(low)
	for {
		at = s.at
		m, ok := s.next()
		if !ok || is(m) {
			return at, before
		}
		before = m
	}
}

// skipLine passes over what is left of a line.
func (s *scanner) skipLine() bool {
	for {
		if end := bytes.IndexByte(s.text, '\n'); end >= 0 {
			s.text = s.text[end+1:]
			s.at += int64(end) + 1
			return true
		}
		if !s.fill() {
			return false
		}
	}
}

// first is the part's first mark.
func (p *part) first() (journal.Mark, bool) { return p.scan(0).next() }

// last is the part's last mark; zero if it has none.
func (p *part) last() (m journal.Mark) {
	p.backward(func(mark journal.Mark) bool {
		m = mark
		return false
	})
	return m
}

// backward calls visit for the marks from the last to the first, until it returns false.
func (p *part) backward(visit func(journal.Mark) bool) {
	if p.times == nil {
		return
	}
	buffer := make([]byte, probeSize) // the last mark alone is what is wanted most often
	rest := p.marked                  // the lines before this offset are still to be visited
	torn := true                      // what follows the last newline is no line
	for rest > 0 {
		from := max(rest-int64(len(buffer)), 0)
		n, _ := p.times.ReadAt(buffer[:rest-from], from)
		text := buffer[:n]
		if from+int64(n) < rest {
			return // it has become shorter
		}
		if torn {
			end := bytes.LastIndexByte(text, '\n')
			if end < 0 {
				rest = from
				continue
			}
			text, torn = text[:end+1], false
		}
		for len(text) > 0 {
			start := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
			if start == 0 && from > 0 {
				break // its beginning is in the block before
			}
			if m, ok := journal.ParseMark(text[start : len(text)-1]); ok && !visit(m) {
				return
			}
			text = text[:start]
		}
		if next := from + int64(len(text)); next < rest {
			rest = next
		} else { // a line as long as a block is none
			rest, torn = from, true
		}
		if len(buffer) < blockSize {
			buffer = make([]byte, blockSize)
		}
	}
}
