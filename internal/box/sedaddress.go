package box

import "regexp"

// sedAddress is a line, the last line, a pattern, or, after the comma, so many lines more.
type sedAddress struct {
	line     int
	last     bool
	re       *regexp.Regexp
	relative bool
}

func (a *sedAddress) hits(r *sedRun) bool {
	switch {
	case a.re != nil:
		return a.re.MatchString(r.pattern)
	case a.last:
		return r.isLast()
	}
	return a.line == r.number
}

// applies tells whether a command is for the current line.
func (cmd *sedCommand) applies(r *sedRun) bool {
	return cmd.selects(r) != cmd.not
}

func (cmd *sedCommand) selects(r *sedRun) bool {
	switch {
	case cmd.from == nil:
		return true
	case cmd.to == nil:
		return cmd.from.hits(r)
	case !cmd.inside:
		if !cmd.from.hits(r) {
			return false
		}
		cmd.end = cmd.to.line
		if cmd.to.relative {
			cmd.end += r.number
		}
		// A second address that is a number not above this line selects this line alone.
		cmd.inside = cmd.to.re != nil || cmd.to.last && !r.isLast() || !cmd.to.last && cmd.to.re == nil && cmd.end > r.number
		return true
	case cmd.to.re != nil || cmd.to.last:
		cmd.inside = !cmd.to.hits(r)
		return true
	}
	cmd.inside = r.number < cmd.end
	return r.number <= cmd.end
}

func resetRanges(list []*sedCommand) {
	for _, cmd := range list {
		cmd.inside = false
		resetRanges(cmd.body)
	}
}
