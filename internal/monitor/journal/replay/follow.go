package replay

import (
	"context"
	"os"
	"time"
)

// follower prints a log in one go, or as it grows.
type follower struct {
	*log
	options Options
	wait    *waker // nil: in one go
	sink    sink
	at      place // everything before it was printed
	losses  losses
	missed  int // parts that were never seen
	report  Report
}

// all prints until the end. Whether the container lives is asked before its log is looked at: what it printed last is there then.
func (f *follower) all(ctx context.Context) error {
	var asked time.Time
	alive, quiet := f.options.Alive != nil, true
	for {
		if alive && (quiet || time.Since(asked) > time.Second/4) {
			alive, asked = f.options.Alive(), time.Now()
		}
		last := !alive || f.past()
		before := f.at
		if err := f.step(last); err != nil {
			return err
		}
		if last {
			return f.sink.close()
		}
		if err := f.sink.flush(); err != nil {
			return err
		}
		quiet = f.at == before
		if f.wait.wait(f.log); ctx.Err() != nil {
			return f.sink.close()
		}
	}
}

// past says whether the time is over that is to be printed.
func (f *follower) past() bool {
	return !f.options.Until.IsZero() && time.Now().After(f.options.Until)
}

// step prints what has come. Before the last one, bytes without a mark are left for later: their mark is about to come, and says
// which stream was first.
func (f *follower) step(last bool) error {
	if err := f.look(); err != nil {
		return err
	}
	end := f.end()
	if !last {
		end = f.marked()
	}
	if last && !f.options.Until.IsZero() {
		end = f.log.at(f.options.Until.Add(1), end)
	}
	if f.sink == nil {
		f.begun = true
		f.at = f.from(end)
		f.sink = f.options.sink(f.log, f.at, end)
		f.losses.before(f.log, f.at)
	} else {
		f.skipped()
	}
	for i := range end {
		if end[i].before(f.at[i]) { // the clock was set back
			end[i] = f.at[i]
		}
	}
	f.losses.count(f.log)
	f.report.Lost = f.losses.total
	if err := f.print(f.at, end, f.options.Timestamps || f.both(f.at, end), f.sink); err != nil {
		return err
	}
	f.at = end
	if len(f.parts) > 0 && end[0].part == end[1].part && end[0].part > f.parts[0].number {
		if err := f.sink.flush(); err != nil { // before the files are closed
			return err
		}
		f.forget(end[0].part)
	}
	return nil
}

// look refreshes the log. A log of one part is empty for a moment when a new part begins: it is not taken for one in which nothing
// was ever printed, and whose first part is still to come.
func (f *follower) look() error {
	err := f.refresh()
	for try := 0; try < 5 && err == nil && f.sink == nil && len(f.parts) == 0; try++ {
		if _, none := os.Stat(f.dir); none != nil {
			return nil
		}
		time.Sleep(time.Millisecond)
		err = f.refresh()
	}
	return err
}

// from is where printing begins.
func (f *follower) from(end place) place {
	begin := f.begin()
	if !f.options.Since.IsZero() {
		since := f.log.at(f.options.Since, end)
		for i := range begin {
			if begin[i].before(since[i]) {
				begin[i] = since[i]
			}
		}
	}
	if f.options.Tail >= 0 {
		return f.tail(f.options.Tail, begin, end)
	}
	return begin
}

// skipped counts the parts that were there for too short a time. They are numbered from 1 on.
func (f *follower) skipped() {
	next := f.at[0].part
	for _, p := range f.parts {
		f.missed += max(p.number-next-1, 0)
		next = max(next, p.number)
	}
	f.report.Removed = f.missed + f.removed
}
