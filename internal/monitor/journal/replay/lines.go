package replay

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"time"
)

// lines is the sink for whole lines: a line whose end has not come is kept until it has. It puts the time at which a line began in
// front of it, if asked, and leaves out the lines that began at a time that is not wanted.
type lines struct {
	stamps bool
	since  int64 // lines that began earlier are left out, in ns since 1970
	until  int64 // and those that began later
	skip   int64 // and so many of the others, the first ones
	loose  bool  // what there is of a line need not wait for its end: flush prints it

	out    [2]*buffer // the same one, if both streams go to the same place
	open   [2][]byte  // what is kept of the line that has no end yet
	within [2]bool    // there is such a line
	drop   [2]bool    // and it is left out
	window [2]window
}

// buffer collects many lines for one write.
type buffer struct {
	to   io.Writer
	text []byte
}

// longest is how long a line may grow before it is given up to keep it whole.
const longest = 16 << 20

func newLines(out, err io.Writer, together, stamps bool) *lines {
	s := &lines{stamps: stamps, since: math.MinInt64, until: math.MaxInt64}
	s.out[0] = &buffer{to: out, text: make([]byte, 0, bufferSize+bufferSize/4)}
	s.out[1] = s.out[0]
	if !together {
		s.out[1] = &buffer{to: err}
	}
	return s
}

func (s *lines) chunk(c chunk) error {
	var stamp []byte
	if s.stamps {
		stamp = append(time.Unix(0, c.time).UTC().AppendFormat(make([]byte, 0, 32), stampFormat), ' ')
	}
	wanted := c.time >= s.since && c.time <= s.until
	for c.from < c.to {
		text, err := s.window[c.stream].read(c)
		if err != nil || len(text) == 0 {
			return err
		}
		c.from += int64(len(text))
		if err := s.add(c.stream, stamp, wanted, text); err != nil {
			return err
		}
	}
	return nil
}

// stampFormat is RFC 3339 with all nine digits, so that columns stay columns.
const stampFormat = "2006-01-02T15:04:05.000000000Z07:00"

// add takes text that came at one time. Lines that begin in it are wanted, or not.
func (s *lines) add(stream int, stamp []byte, wanted bool, text []byte) error {
	out := s.out[stream]
	for len(text) > 0 {
		if !s.within[stream] {
			s.drop[stream] = !wanted
			if wanted {
				s.open[stream] = append(s.open[stream], stamp...)
			}
		}
		end := s.lineEnd(stream, wanted, text)
		s.within[stream] = end == 0
		if end == 0 {
			return s.keep(stream, text)
		}
		switch {
		case s.drop[stream]:
		case s.skip > 0:
			s.skip--
		default:
			out.text = append(append(out.text, s.open[stream]...), text[:end]...)
		}
		s.open[stream] = s.open[stream][:0]
		text = text[end:]
		if err := out.write(bufferSize); err != nil {
			return err
		}
	}
	return nil
}

// lineEnd is how much of a text is treated alike: its first line where each gets a stamp, is counted, or may be another case than those
// that follow; else all of its lines.
func (s *lines) lineEnd(stream int, wanted bool, text []byte) int {
	if s.stamps || s.skip > 0 || !wanted || s.drop[stream] {
		return bytes.IndexByte(text, '\n') + 1
	}
	return bytes.LastIndexByte(text, '\n') + 1
}

func (s *lines) keep(stream int, text []byte) error {
	if s.drop[stream] {
		return nil
	}
	s.open[stream] = append(s.open[stream], text...)
	if len(s.open[stream]) < longest {
		return nil
	}
	return s.let(stream)
}

// let prints what is kept of a line before its end has come.
func (s *lines) let(stream int) error {
	if s.skip == 0 {
		s.out[stream].text = append(s.out[stream].text, s.open[stream]...)
	}
	s.open[stream] = s.open[stream][:0]
	return s.out[stream].write(bufferSize)
}

func (s *lines) flush() error {
	for i := range s.open {
		if s.loose {
			if err := s.let(i); err != nil {
				return err
			}
		}
	}
	if err := s.out[0].write(0); err != nil {
		return err
	}
	return s.out[1].write(0)
}

// cut ends the lines whose end will not come.
func (s *lines) cut() error {
	for i := range s.open {
		if s.within[i] {
			if err := s.add(i, nil, true, []byte{'\n'}); err != nil {
				return err
			}
		}
	}
	return s.flush()
}

func (s *lines) close() error {
	for i := range s.open {
		if s.within[i] && !s.drop[i] && s.skip > 0 {
			s.skip--
			s.open[i] = nil
		}
		s.out[i].text = append(s.out[i].text, s.open[i]...)
		s.open[i], s.within[i] = nil, false
	}
	return s.flush()
}

// write writes what was collected, if it is more than so much.
func (b *buffer) write(most int) error {
	if len(b.text) <= most {
		return nil
	}
	_, err := b.to.Write(b.text)
	b.text = b.text[:0]
	if err != nil {
		return fmt.Errorf("write the log out: %w", err)
	}
	return nil
}

// window is the piece of a stream's file that was read last.
type window struct {
	part *part
	from int64
	text []byte
}

// read returns the beginning of a chunk, as much of it as the window holds.
func (w *window) read(c chunk) ([]byte, error) {
	if c.part != w.part || c.from < w.from || c.from >= w.from+int64(len(w.text)) {
		if w.text == nil {
			w.text = make([]byte, bufferSize)
		}
		// What lies behind the chunk is read too: it will be asked for next, and bytes of a log never change.
		n, err := c.part.data[c.stream].ReadAt(w.text[:bufferSize], c.from)
		if n == 0 && err != io.EOF {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		w.part, w.from, w.text = c.part, c.from, w.text[:n]
	}
	text := w.text[c.from-w.from:]
	return text[:min(int64(len(text)), c.to-c.from)], nil
}
