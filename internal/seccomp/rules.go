package seccomp

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// rule is one way for a system call to match: all conditions hold.
// Without conditions it always matches.
type rule struct {
	verdict    uint32
	conditions []condition
}

// condition compares one argument of a system call. For SCMP_CMP_MASKED_EQ it
// is argument & mask == value; all others have mask ^0.
type condition struct {
	argument    uint
	op          specs.LinuxSeccompOperator
	value, mask uint64
}

var errTooLong = fmt.Errorf("the filter needs more than the kernel's %d instructions", MaxInstructions)

// rulesOf sorts the profile's rules by system call number, keeping their order.
//
// Names that arch does not have are passed over, as every runtime does: one
// profile serves many architectures and kernels. See [Unknown] for finding
// typing errors.
func rulesOf(p *specs.LinuxSeccomp, arch Arch) (map[uint32][]rule, error) {
	byNumber := make(map[uint32][]rule, len(arch.facts().numbers))
	conditions := 0
	add := func(nr uint32, r rule) error {
		list := byNumber[nr]
		if len(list) > 0 && len(list[len(list)-1].conditions) == 0 {
			return nil // the rule before always matches: this one is never asked
		}
		// A condition takes two instructions or more. Stop here, and not after
		// filling the memory with a hostile profile's names times arguments.
		if conditions += len(r.conditions); conditions > MaxInstructions {
			return errTooLong
		}
		byNumber[nr] = append(list, r)
		return nil
	}
	for i, call := range p.Syscalls {
		rules, err := rulesIn(call)
		if err != nil {
			return nil, fmt.Errorf("rule %d (%s): %w", i+1, firstName(call), err)
		}
		for _, name := range call.Names {
			nr, ok := arch.Number(name)
			for _, r := range rules {
				if ok {
					if err := add(nr, r); err != nil {
						return nil, err
					}
				}
				if arch != I386 {
					continue
				}
				if nr, r, ok := multiplexed(name, r); ok {
					if err := add(nr, r); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	return byNumber, nil
}

// rulesIn reads one entry of the profile. Its arguments must all match, so it
// is one rule; but entries that name the same argument twice have always been
// split by runc and crun into one rule for each argument, any of which may
// match. Profiles rely on it ("family is 1, or family is 2").
func rulesIn(call specs.LinuxSyscall) ([]rule, error) {
	v, err := verdict(call.Action, call.ErrnoRet)
	if err != nil {
		return nil, err
	}
	var all []condition
	var seen [6]bool
	repeated := false
	for _, arg := range call.Args {
		c, err := conditionOf(arg)
		if err != nil {
			return nil, err
		}
		repeated = repeated || seen[c.argument]
		seen[c.argument] = true
		all = append(all, c)
	}
	if !repeated {
		return []rule{{v, all}}, nil
	}
	rules := make([]rule, 0, len(all))
	for i := range all {
		rules = append(rules, rule{v, all[i : i+1]})
	}
	return rules, nil
}

func conditionOf(arg specs.LinuxSeccompArg) (condition, error) {
	if arg.Index > 5 {
		return condition{}, fmt.Errorf("argument index %d: a system call has arguments 0 to 5", arg.Index)
	}
	switch arg.Op {
	case specs.OpMaskedEqual:
		// Bits of the value outside the mask count for nothing.
		return condition{arg.Index, arg.Op, arg.ValueTwo & arg.Value, arg.Value}, nil
	case specs.OpEqualTo, specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpGreaterEqual, specs.OpGreaterThan:
		return condition{arg.Index, arg.Op, arg.Value, ^uint64(0)}, nil
	}
	return condition{}, fmt.Errorf("unknown operator %q", arg.Op)
}

func firstName(call specs.LinuxSyscall) string {
	switch len(call.Names) {
	case 0:
		return "no names"
	case 1:
		return call.Names[0]
	}
	return call.Names[0] + ", …"
}

// Unknown returns the names in p that no architecture of this package has, in
// the profile's order: typing errors, calls of other architectures, and calls
// that are newer than the tables (which the filter answers with ENOSYS).
func Unknown(p *specs.LinuxSeccomp) []string {
	var unknown []string
	for _, call := range p.Syscalls {
		for _, name := range call.Names {
			if !knownAnywhere(name) {
				unknown = append(unknown, name)
			}
		}
	}
	return unknown
}

func knownAnywhere(name string) bool {
	for _, a := range [...]Arch{AMD64, I386, ARM64, ARM} {
		if _, ok := a.Number(name); ok {
			return true
		}
	}
	_, _, ok := multiplexed(name, rule{})
	return ok
}

var errNoProfile = errors.New("no profile")
