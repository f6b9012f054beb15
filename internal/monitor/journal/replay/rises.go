package replay

import "strconv"

// rises says whether each time in the log is at least the one before it: what is to be searched by halving must. They fall where the clock
// was set back while the container printed. It reads all the marks, and of each no more than the digits of its time, which are nineteen
// until the year 2286. Where something else is among them it returns false, for the other way is right for every log.
func (l *log) rises() bool {
	var before [stampDigits]byte
	for _, p := range l.parts {
		s := p.scan(0)
		for line, ok := s.line(); ok; line, ok = s.line() {
			if len(line) <= stampDigits || line[stampDigits] != ' ' || string(line[:stampDigits]) < string(before[:]) {
				return false
			}
			copy(before[:], line)
		}
		if last := p.last().Size; p.size[0] > last[0] || p.size[1] > last[1] { // these bytes have the file's own time
			changed := strconv.FormatInt(p.changed(), 10)
			if len(changed) != stampDigits || changed < string(before[:]) {
				return false
			}
			copy(before[:], changed)
		}
	}
	return true
}

const stampDigits = 19
