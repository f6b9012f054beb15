package seccomp

import "github.com/opencontainers/runtime-spec/specs-go"

// Offsets in struct seccomp_data (linux/seccomp.h), which is all that a filter
// can see of a system call.
const (
	offsetNumber    = 0
	offsetArch      = 4
	offsetArguments = 16 // six of 8 bytes; the low half comes first (little endian)
)

// chain writes the rules of one system call: the first that matches decides,
// and if none does, the verdict is otherwise.
func (p *program) chain(rules []rule, otherwise uint32, narrow bool) label {
	last := len(rules) - 1
	if len(rules[last].conditions) == 0 {
		rules, otherwise = rules[:last], rules[last].verdict
	}
	for len(rules) > 0 && rules[len(rules)-1].verdict == otherwise {
		rules = rules[:len(rules)-1] // it would change nothing
	}
	next := p.ret(otherwise)
	for i := len(rules) - 1; i >= 0; i-- {
		next = p.rule(rules[i], next, narrow)
	}
	return next
}

// rule writes one rule: to its verdict if all conditions hold, else to next.
func (p *program) rule(r rule, next label, narrow bool) label {
	match := p.ret(r.verdict)
	for i := len(r.conditions) - 1; i >= 0; i-- {
		match = p.condition(r.conditions[i], match, next, narrow)
	}
	return match
}

// condition compares one argument: to yes if it holds, else to no.
//
// The machine has 32 bits and the argument 64, so the upper halves are
// compared first, and the lower ones only where the upper are equal. On a
// 32-bit architecture the arguments have no upper half, and neither has the
// value: a profile's 0xffffffffffffffff is the -1 of a 32-bit program.
func (p *program) condition(c condition, yes, no label, narrow bool) label {
	op := c.op
	switch op { // the other three are these, answered the other way round
	case specs.OpNotEqual:
		op, yes, no = specs.OpEqualTo, no, yes
	case specs.OpLessThan:
		op, yes, no = specs.OpGreaterEqual, no, yes
	case specs.OpLessEqual:
		op, yes, no = specs.OpGreaterThan, no, yes
	}
	low := offsetArguments + 8*uint32(c.argument)
	high := low + 4

	var start label
	switch op {
	case specs.OpGreaterThan:
		start = p.compare(opJgt, low, c.mask, c.value, yes, no)
	case specs.OpGreaterEqual:
		start = p.compare(opJge, low, c.mask, c.value, yes, no)
	default:
		start = p.compare(opJeq, low, c.mask, c.value, yes, no)
	}
	if narrow {
		return start
	}
	if op == specs.OpGreaterThan || op == specs.OpGreaterEqual {
		// high > value: yes. high == value: the lower half decides. Else no.
		equal := p.branch(opJeq, uint32(c.value>>32), start, no)
		start = p.branch(opJgt, uint32(c.value>>32), yes, equal)
		p.before(start)
		return p.load(high)
	}
	return p.compare(opJeq, high, c.mask>>32, c.value>>32, start, no)
}

// compare loads one half of an argument and tests it against the lower 32 bits of value.
func (p *program) compare(op uint16, offset uint32, mask, value uint64, yes, no label) label {
	p.before(p.branch(op, uint32(value), yes, no))
	if uint32(mask) != ^uint32(0) {
		p.and(uint32(mask))
	}
	return p.load(offset)
}
