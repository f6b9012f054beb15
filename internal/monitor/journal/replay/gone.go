package replay

// A container may be removed while its log is read, in any order of its files. What was opened can be read to its end; the question
// is whether that was all.

// witness keeps what is known of that.
type witness struct {
	looked  bool // at the log, at least once
	watched bool // and what is made in the container's directory was watched already
	sure    bool // what a look saw was whole: the container was there after it
	silent  bool // and there was no log, which would have been seen to be made since
	first   int  // the number of the first part that was seen; 0: none
	holes   bool // between the parts that were seen first, some were missing
}

// saw notes that the log was looked at.
func (f *follower) saw() {
	f.looked, f.watched = true, f.wait != nil && f.wait.watched[f.wait.home()]
	if f.first == 0 && len(f.parts) > 0 {
		f.first = f.parts[0].number
		f.holes = f.parts[len(f.parts)-1].number-f.first >= len(f.parts)
	}
}

// lives notes that the container was there after the last look.
func (f *follower) lives() {
	f.sure = f.looked
	f.silent = f.silent || f.watched && f.first == 0
}

// gone says whether something of the log may have been removed before it was opened. It is asked after the last look.
func (f *follower) gone() bool {
	o := &f.options
	if o.Intact == nil || o.Intact() {
		return false
	}
	if f.first == 0 {
		return !f.silent || f.wait.logMade()
	}
	if !f.sure && (f.first > 1 || f.holes) {
		return true
	}
	for _, p := range f.parts {
		if p.lacks() {
			return true
		}
	}
	last := f.parts[len(f.parts)-1]
	return o.PartSize > 0 && last.size[0]+last.size[1]+last.marked >= o.PartSize // one more part may have been begun
}

// lacks says that a file is not there which the part should have.
func (p *part) lacks() bool {
	size := p.last().Size
	return p.times == nil || size[0] > 0 && p.data[0] == nil || size[1] > 0 && p.data[1] == nil
}
