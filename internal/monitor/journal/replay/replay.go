package replay

import (
	"context"
	"io"
	"os"
	"time"
)

// Options say what of a log is printed, how and where to.
type Options struct {
	Out, Err io.Writer // where stdout and stderr go; lines are kept whole if that is the same place

	Timestamps bool      // put the time (UTC) before each line
	Since      time.Time // lines that began then or later; zero: all
	Until      time.Time // lines that began then or earlier; zero: all
	Tail       int64     // of these, the last ones; below zero: all

	// Terminal: the container has a terminal, so there is one stream, which is printed as it comes while a log is followed. Else
	// a line is, when it is complete.
	Terminal bool

	// Alive, if there is one, makes Print follow the log as it grows, as long as it says true. It is asked often.
	Alive func() bool

	// Intact, if there is one, says whether nothing of the container was removed yet. Alive is true only then. It is asked at the end.
	Intact   func() bool
	PartSize int64 // bytes at which the writer begins a new part; 0: it does not
}

// Report is what Print has to say besides.
type Report struct {
	Lost    int64 // bytes of what was printed that the writer could not write: the disk was full
	Removed int   // parts that were removed by the rotation before they could be printed
	Gone    bool  // the container was removed, and with it, perhaps, something of its log that was not printed yet
	Begun   bool  // something of the log was there
}

// Print prints the log in the directory dir. A log that is not there is empty. When the context ends so does Print, without an
// error; other errors are about reading and writing, EPIPE among them.
func Print(ctx context.Context, dir string, o Options) (Report, error) {
	l := &log{dir: dir}
	defer l.close()
	f := &follower{log: l, options: o}
	if o.Alive != nil {
		f.wait = newWaker(ctx, dir)
		defer f.wait.close()
	}
	err := f.all(ctx)
	return f.report, err
}

// sink makes what prints a log that lies between two places. Bytes are copied as they are where that keeps lines whole. If each line is
// to be asked for its time, [lines] does that.
func (o *Options) sink(l *log, from, to place, each bool) sink {
	together, follows := same(o.Out, o.Err), o.Alive != nil
	if !each && !o.Timestamps && (!together || o.Terminal || !follows && !l.both(from, to)) {
		return &raw{out: [2]io.Writer{o.Out, o.Err}, cuts: follows}
	}
	s := newLines(o.Out, o.Err, together, o.Timestamps)
	s.loose = !o.Timestamps && follows && (o.Terminal || !together)
	if each && !o.Since.IsZero() {
		s.since = o.Since.UnixNano()
	}
	if each && !o.Until.IsZero() {
		s.until = o.Until.UnixNano()
	}
	return s
}

// both says whether both streams have something between two places.
func (l *log) both(from, to place) bool {
	var has [2]bool
	for _, p := range l.parts {
		low, high := p.bounds(from, to)
		for i := range has {
			has[i] = has[i] || low[i] < high[i]
		}
	}
	return has[0] && has[1]
}

// same says whether two writers lead to the same file, terminal or pipe.
func same(a, b io.Writer) bool {
	first, ok := a.(*os.File)
	second, too := b.(*os.File)
	if !ok || !too {
		return a == b
	}
	x, err := first.Stat()
	if err != nil {
		return false
	}
	y, err := second.Stat()
	return err == nil && os.SameFile(x, y)
}
