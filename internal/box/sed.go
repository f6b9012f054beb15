package box

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// sed edits a stream line by line, as sed(1p) says, with GNU's -i, -E and one-line a, i and c. Left out
// are labels with b and t, the files of r and w, and references to groups inside a pattern.
func sed(c *call) {
	f := c.parse("nEre:f:i", "quiet=n", "silent=n", "regexp-extended=E", "expression=e", "file=f", "in-place=i")
	parts := f.values['e']
	for _, name := range f.values['f'] {
		b, err := os.ReadFile(name)
		if err != nil {
			c.fail("couldn't open file %s: %s", name, text(err))
		}
		parts = append(parts, strings.TrimSuffix(string(b), "\n"))
	}
	if !f.has('e') && !f.has('f') {
		c.operands(1, -1)
		parts, c.args = c.args[:1], c.args[1:]
	}
	p := &sedParser{c: c, src: strings.Join(parts, "\n"), extended: f.has('E') || f.has('r')}
	program := p.commands(0)
	if !f.has('i') {
		if len(c.args) == 0 {
			c.args = []string{"-"}
		}
		(&sedRun{c: c, quiet: f.has('n'), out: c.out, names: c.args}).all(program)
		return
	}
	for _, name := range c.args {
		c.sedFile(name, program, f.has('n'))
	}
}

// sedFile edits a file in place: it writes a new one beside it, and gives that the name.
func (c *call) sedFile(name string, program []*sedCommand, quiet bool) {
	st, err := os.Stat(name)
	if err != nil {
		c.complain("can't read %s: %s", name, text(err))
		return
	}
	if !st.Mode().IsRegular() {
		c.complain("couldn't edit %s: not a regular file", name)
		return
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), "sed*")
	if err != nil {
		c.complain("couldn't open a temporary file beside %s: %s", name, text(err))
		return
	}
	defer os.Remove(tmp.Name()) // where it still has that name
	w := bufio.NewWriter(tmp)
	resetRanges(program)
	(&sedRun{c: c, quiet: quiet, out: w, names: []string{name}}).all(program)
	err = w.Flush()
	if e := tmp.Chmod(st.Mode().Perm()); err == nil {
		err = e
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		c.complain("couldn't write %s: %s", name, text(err))
	}
}

// sedCommand is one command with its addresses.
type sedCommand struct {
	from, to *sedAddress
	not      bool
	inside   bool // the range has begun
	end      int  // and ends at this line, where that is a number

	verb        byte
	body        []*sedCommand // {
	text        string        // a i c
	re          *regexp.Regexp
	replacement string
	global      bool
	print       bool
	nth         int
	y           map[rune]rune
	code        int // q
}

// sedRun is the state while lines pass: the pattern space and the hold space of sed(1p).
type sedRun struct {
	c     *call
	quiet bool
	out   *bufio.Writer
	names []string

	file    io.ReadCloser
	in      *bufio.Reader
	ahead   *string // one line more has been read, to know the last
	number  int
	pattern string
	hold    string
	newline bool // the line that is in the pattern space had one
	owed    bool
	after   []string
	done    bool
}

func (r *sedRun) all(program []*sedCommand) {
	for !r.done && r.nextLine() {
		again := true
		for again {
			again = r.run(program) == sedAgain
		}
	}
	if r.file != nil {
		r.file.Close()
	}
}

// line reads the next line of all the inputs; nil at the end.
func (r *sedRun) line() *string {
	for {
		if r.in == nil {
			if len(r.names) == 0 {
				return nil
			}
			name := r.names[0]
			r.names = r.names[1:]
			file, ok := r.c.open(name)
			if !ok {
				r.c.code = 2
				continue
			}
			r.file, r.in = file, bufio.NewReaderSize(file, 32<<10)
		}
		l, err := r.in.ReadString('\n')
		if l != "" {
			return &l
		}
		if err != io.EOF {
			r.c.complain("read error: %s", text(err))
			r.c.code = 2
		}
		r.file.Close()
		r.file, r.in = nil, nil
	}
}

func (r *sedRun) nextLine() bool {
	l := r.ahead
	if l == nil {
		l = r.line()
	}
	if r.ahead = nil; l == nil {
		return false
	}
	r.number++
	r.pattern = strings.TrimSuffix(*l, "\n")
	r.newline = len(*l) > len(r.pattern)
	return true
}

func (r *sedRun) isLast() bool {
	if r.ahead == nil {
		r.ahead = r.line()
	}
	return r.ahead == nil
}

// print writes a line. Where the last one of the input had no newline it gets none, unless more follows.
func (r *sedRun) print(line string) {
	r.say(line)
	if r.owed = !r.newline && r.isLast(); !r.owed {
		r.out.WriteByte('\n')
	}
}

// say writes a text, after the newline that print did not write.
func (r *sedRun) say(text string) {
	if r.owed {
		r.out.WriteByte('\n')
	}
	r.owed = false
	r.out.WriteString(text)
}

// finish ends a cycle: the pattern space, and what a has queued.
func (r *sedRun) finish() {
	if !r.quiet {
		r.print(r.pattern)
	}
	r.flush()
}

func (r *sedRun) flush() {
	for _, t := range r.after {
		r.say(t + "\n")
	}
	r.after = nil
}

func (r *sedRun) lineNumber() { r.say(strconv.Itoa(r.number) + "\n") }
