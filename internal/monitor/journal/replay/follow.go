package replay

import (
	"context"
	"io"
	"math"
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
	each    bool  // each line is asked for its time: the log is not known to be in the order of time
	losses  losses
	missed  int  // parts that were never seen
	gap     bool // of the part that was printed last something is missing
	report  Report
	witness
}

// all prints until the end. Whether the container lives is asked before its log is looked at: what it printed last is there then.
func (f *follower) all(ctx context.Context) error {
	var asked time.Time
	alive, quiet := f.options.Alive != nil, true
	if alive {
		f.wait.watch(f.log)
	}
	for {
		if alive && (quiet || time.Since(asked) > time.Second/4) {
			if alive, asked = f.options.Alive(), time.Now(); alive {
				f.lives()
			}
		}
		last := !alive || f.past()
		before := f.at
		if err := f.step(last); err != nil {
			return err
		}
		if last {
			f.report.Gone, f.report.Begun = f.gone(), f.first > 0
			return f.sink.close()
		}
		if !f.sure && f.options.Intact != nil && f.options.Intact() {
			f.lives()
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
	f.saw()
	end := f.end()
	if !last {
		end = f.marked()
	}
	if f.sink == nil {
		var err error
		if end, err = f.start(end, last); err != nil {
			return err
		}
	} else {
		f.skipped()
	}
	for i := range end {
		if end[i].before(f.at[i]) { // since comes after until
			end[i] = f.at[i]
		}
	}
	f.losses.count(f.log)
	f.report.Lost = f.losses.total
	if err := f.cuts(end); err != nil {
		return err
	}
	if err := f.print(f.at, end, f.timed(end), f.sink); err != nil {
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

// start finds where printing begins, and where it ends for now. If the log is in the order of time both are found by halving. Who follows
// may see the clock being set back, so what comes is asked for its time.
func (f *follower) start(end place, last bool) (place, error) {
	f.begun = true
	o := &f.options
	limited := !o.Since.IsZero() || !o.Until.IsZero()
	rises := limited && f.rises()
	f.each = limited && (!rises || !last)
	if rises && last && !o.Until.IsZero() {
		end = f.log.at(o.Until.Add(1), end)
	}
	f.at = f.begin()
	if rises && !o.Since.IsZero() {
		since := f.log.at(o.Since, end)
		for i := range f.at {
			if f.at[i].before(since[i]) {
				f.at[i] = since[i]
			}
		}
	}
	skip := int64(0)
	switch {
	case o.Tail < 0:
	case limited && !rises:
		var err error
		if skip, err = f.butTail(end); err != nil {
			return end, err
		}
	default:
		f.at = f.tail(o.Tail, f.at, end)
	}
	f.sink = o.sink(f.log, f.at, end, f.each)
	if s, ok := f.sink.(*lines); ok {
		s.skip = skip
	}
	f.losses.before(f.log, f.at)
	return end, nil
}

// butTail counts the lines that are wanted, but for the last ones.
func (f *follower) butTail(end place) (int64, error) {
	o := f.options
	o.Out, o.Err, o.Timestamps = io.Discard, io.Discard, false
	s := o.sink(f.log, f.at, end, true).(*lines)
	s.skip = math.MaxInt64
	if err := f.print(f.at, end, true, s); err != nil {
		return 0, err
	}
	if err := s.close(); err != nil {
		return 0, err
	}
	return max(math.MaxInt64-s.skip-o.Tail, 0), nil
}

// timed says whether it matters when each byte came.
func (f *follower) timed(end place) bool {
	return f.options.Timestamps || f.each || f.both(f.at, end)
}

// cuts prints up to the last part that has none before it, because that was removed before it could be printed. There the lines end that
// have no end yet: the next part does not go on with them. Where it goes on with others their rest is passed over.
func (f *follower) cuts(end place) error {
	before := f.at[0].part
	for _, p := range f.parts {
		if p.number <= before {
			f.gap = f.gap || p.number == before && p.holed
			continue
		}
		if p.number > before+1 || f.gap {
			next := f.whole(p, end)
			to := place{{p.number, 0}, {p.number, 0}}
			for i := range to {
				if end[i].before(to[i]) {
					to[i] = end[i]
				}
			}
			if err := f.print(f.at, to, f.timed(to), f.sink); err != nil {
				return err
			}
			if err := f.sink.cut(); err != nil {
				return err
			}
			for i := range next {
				if f.at[i].before(next[i]) {
					f.at[i] = next[i]
				}
			}
		}
		before, f.gap = p.number, p.holed
	}
	return nil
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
