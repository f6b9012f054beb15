package journal

import "strconv"

// The two streams, as [Writer.Write] takes them. A terminal has only the first.
const (
	Stdout = iota
	Stderr
)

// Names are the files of the streams in a part, and [Times] is the file beside them.
var Names = [2]string{"stdout", "stderr"}

// Times is the name of the file of marks.
const Times = "times"

// Mark is a line of times: how large the part's streams were at a time.
type Mark struct {
	Time      int64    // nanoseconds since 1970 (CLOCK_REALTIME)
	Size      [2]int64 // bytes of stdout and stderr since the part's beginning
	Lost      int64    // bytes that could not be written since then
	Continues [2]bool  // in a part's first line: the stream's first line began in the part before
}

// Append adds the line to text, with its newline:
//
//	TIME STDOUT STDERR [lost=BYTES] [continues=o|e|oe]
func (m Mark) Append(text []byte) []byte {
	text = strconv.AppendInt(text, m.Time, 10)
	for _, size := range m.Size {
		text = strconv.AppendInt(append(text, ' '), size, 10)
	}
	if m.Lost > 0 {
		text = strconv.AppendInt(append(text, " lost="...), m.Lost, 10)
	}
	if m.Continues != [2]bool{} {
		text = append(text, " continues="...)
		for i, letter := range [2]byte{'o', 'e'} {
			if m.Continues[i] {
				text = append(text, letter)
			}
		}
	}
	return append(text, '\n')
}

// ParseMark reads a line, without its newline. It is false for anything that [Mark.Append] does not write; words after the
// sizes that it does not know are passed over.
func ParseMark(line []byte) (Mark, bool) {
	var m Mark
	var ok bool
	if m.Time, line, ok = number(line); !ok {
		return Mark{}, false
	}
	for i := range m.Size {
		if len(line) == 0 {
			return Mark{}, false
		}
		if m.Size[i], line, ok = number(line[1:]); !ok {
			return Mark{}, false
		}
	}
	for len(line) > 0 {
		var word []byte
		word, line = cut(line[1:])
		switch {
		case prefixed(word, "lost="):
			var rest []byte
			if m.Lost, rest, ok = number(word[len("lost="):]); !ok || len(rest) > 0 {
				return Mark{}, false
			}
		case prefixed(word, "continues="):
			for _, letter := range word[len("continues="):] {
				m.Continues[Stdout] = m.Continues[Stdout] || letter == 'o'
				m.Continues[Stderr] = m.Continues[Stderr] || letter == 'e'
			}
		}
	}
	return m, true
}

// number takes a number off the beginning of a line; what is left is empty or begins with a blank.
func number(line []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for ; i < len(line) && line[i] != ' '; i++ {
		digit := line[i] - '0'
		if digit > 9 || n > (1<<63-1-int64(digit))/10 {
			return 0, nil, false
		}
		n = n*10 + int64(digit)
	}
	return n, line[i:], i > 0
}

func cut(line []byte) (word, rest []byte) {
	for i, c := range line {
		if c == ' ' {
			return line[:i], line[i:]
		}
	}
	return line, nil
}

func prefixed(word []byte, prefix string) bool {
	return len(word) >= len(prefix) && string(word[:len(prefix)]) == prefix
}
