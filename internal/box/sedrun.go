package box

import "strings"

// sedNext says how a cycle goes on after a command.
type sedNext int

const (
	sedOn    sedNext = iota // with the next command
	sedOver                 // the cycle is over
	sedAgain                // another cycle on what is in the pattern space
)

// run is one cycle.
func (r *sedRun) run(program []*sedCommand) sedNext {
	next := r.list(program)
	if next == sedOn {
		r.finish()
	}
	return next
}

func (r *sedRun) list(list []*sedCommand) sedNext {
	for _, cmd := range list {
		if !cmd.applies(r) {
			continue
		}
		if next := r.one(cmd); next != sedOn {
			return next
		}
	}
	return sedOn
}

func (r *sedRun) one(cmd *sedCommand) sedNext {
	first, rest, more := strings.Cut(r.pattern, "\n")
	switch cmd.verb {
	case '{':
		return r.list(cmd.body)
	case 's':
		if r.substitute(cmd) && cmd.print {
			r.print(r.pattern)
		}
	case 'y':
		r.pattern = strings.Map(func(c rune) rune {
			if to, ok := cmd.y[c]; ok {
				return to
			}
			return c
		}, r.pattern)
	case 'p':
		r.print(r.pattern)
	case 'P':
		r.print(first)
	case '=':
		r.lineNumber()
	case 'a':
		r.after = append(r.after, cmd.text)
	case 'i':
		r.say(cmd.text + "\n")
	case 'c':
		if cmd.to == nil || cmd.not || !cmd.inside {
			r.say(cmd.text + "\n")
		}
		r.flush()
		return sedOver
	case 'd':
		r.flush()
		return sedOver
	case 'D':
		if r.flush(); !more {
			return sedOver
		}
		r.pattern = rest
		return sedAgain
	case 'h':
		r.hold = r.pattern
	case 'H':
		r.hold += "\n" + r.pattern
	case 'g':
		r.pattern = r.hold
	case 'G':
		r.pattern += "\n" + r.hold
	case 'x':
		r.pattern, r.hold = r.hold, r.pattern
	case 'n', 'N':
		return r.another(cmd.verb == 'N')
	case 'q':
		r.finish()
		r.done, r.c.code = true, cmd.code
		return sedOver
	}
	return sedOn
}

// another is n, which goes on to the next line, and N, which joins it to this one. Without a next line
// sed ends there, after printing.
func (r *sedRun) another(join bool) sedNext {
	if r.isLast() {
		r.finish()
		r.done = true
		return sedOver
	}
	old := r.pattern
	if !join && !r.quiet {
		r.print(old)
	}
	r.flush()
	r.nextLine()
	if join {
		r.pattern = old + "\n" + r.pattern
	}
	return sedOn
}
