package seccomp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Compile translates a profile to a filter for a kernel of architecture arch.
// It is a pure function: equal profiles give equal bytes.
//
// The profile is what stands in an OCI config.json under linux.seccomp
// (runtime-spec, config-linux.md). What the specification leaves open:
//
//   - Rules for the same call are asked in the profile's order, and the first
//     that matches decides. libseccomp, and so runc and crun, agree wherever
//     the rules do not overlap, as in Docker's profile. Where they do, there
//     the order counts for nothing: a rule without arguments beats one with
//     arguments, and rules that repeat the default action are left out. A
//     profile that is to mean the same everywhere avoids both.
//   - All arguments of a rule must match; but a rule that names one argument
//     twice is split into alternatives, as runc does.
//   - A number that is in no table is answered with ENOSYS, unless the default
//     action lets calls through. See the package documentation for why.
//   - The native convention is always filtered, its 32-bit sister if the
//     profile lists it. Calls through any other end the process. Calls through
//     x32, the 32-bit pointers of amd64, are always answered with ENOSYS.
//   - Names that arch does not have are passed over; see [Unknown].
//
// Errors name the rule at fault. A profile with a listener (SCMP_ACT_NOTIFY)
// is refused, and one that needs more than [MaxInstructions].
func Compile(p *specs.LinuxSeccomp, arch Arch) (Filter, error) {
	f, err := compile(p, arch)
	if err != nil {
		return Filter{}, fmt.Errorf("compile seccomp profile: %w", err)
	}
	return f, nil
}

func compile(p *specs.LinuxSeccomp, arch Arch) (Filter, error) {
	if p == nil {
		return Filter{}, errNoProfile
	}
	if arch.facts().numbers == nil {
		return Filter{}, fmt.Errorf("no system call table for architecture %s", arch)
	}
	if p.ListenerPath != "" {
		return Filter{}, fmt.Errorf("listenerPath %q: listeners are not supported", p.ListenerPath)
	}
	f, err := flags(p.Flags)
	if err != nil {
		return Filter{}, err
	}
	otherwise, err := verdict(p.DefaultAction, p.DefaultErrnoRet)
	if err != nil {
		return Filter{}, fmt.Errorf("default action: %w", err)
	}
	arches, err := conventions(p.Architectures, arch)
	if err != nil {
		return Filter{}, err
	}

	// Remember that this runs from the end to the start: what is written
	// first comes last. The native section ends up right behind the header.
	prog := program{rets: map[uint32]label{}, near: map[label]label{}}
	starts := make([]label, len(arches))
	for i := len(arches) - 1; i >= 0; i-- {
		starts[i], err = prog.section(p, arches[i], otherwise)
		if err != nil {
			return Filter{}, err
		}
	}
	start := prog.ret(verdictForeignArch)
	for i := len(arches) - 1; i >= 0; i-- {
		start = prog.branch(opJeq, arches[i].facts().audit, starts[i], start)
	}
	prog.before(start)
	prog.load(offsetArch)

	if len(prog.reversed) > MaxInstructions {
		return Filter{}, errTooLong
	}
	return Filter{Code: prog.code(), Flags: f}, nil
}

// section writes the part of the filter for calls through one convention.
func (p *program) section(profile *specs.LinuxSeccomp, arch Arch, otherwise uint32) (label, error) {
	rules, err := rulesOf(profile, arch)
	if err != nil {
		return 0, err
	}
	known := arch.known()

	// The comparisons of arguments come behind the tree, so they are written first.
	compared := make(map[uint32]label)
	for _, nr := range known {
		if r := rules[nr]; len(r) > 0 && len(r[0].conditions) > 0 {
			compared[nr] = p.chain(r, otherwise, arch.facts().narrow)
		}
	}

	// One label for each verdict from here on: spans are joined by comparing labels.
	fates := make(map[uint32]label)
	always := func(v uint32) label {
		if _, ok := fates[v]; !ok {
			fates[v] = p.ret(v)
		}
		return fates[v]
	}
	unknown := uint32(verdictUnknown)
	if permissive(otherwise) {
		unknown = otherwise
	}
	ranges := spans(known, func(nr uint32) label {
		if l, ok := compared[nr]; ok {
			if end := p.reversed[l]; end.Code == opRet {
				return always(end.K) // the rules turned out to change nothing
			}
			return l
		}
		if r := rules[nr]; len(r) > 0 {
			return always(r[0].verdict)
		}
		return always(otherwise)
	}, always(unknown))
	if arch == AMD64 {
		ranges = refuseX32(ranges, always(verdictUnknown))
	}

	p.before(p.search(ranges))
	return p.load(offsetNumber), nil
}

// x32Bit marks a number of the x32 convention, which shares its value of
// seccomp_data.arch with amd64. A filter that forgets it can be walked around:
// with the bit set, a forbidden call has another number. All numbers with the
// bit are above all real ones, so one more span in the tree is enough.
const x32Bit = 0x40000000

func refuseX32(ranges []span, refused label) []span {
	if ranges[len(ranges)-1].fate == refused {
		return ranges // as are all unknown numbers
	}
	return append(ranges, span{x32Bit, refused})
}

// conventions returns native, and its 32-bit sister if the profile lists it.
// Listed architectures of other machines are passed over: they cannot occur.
func conventions(listed []specs.Arch, native Arch) ([]Arch, error) {
	arches := []Arch{native}
	for _, name := range listed {
		if !strings.HasPrefix(string(name), "SCMP_ARCH_") {
			return nil, fmt.Errorf("unknown architecture %q", name)
		}
	}
	if sister := native.facts().compat; sister != 0 && slices.Contains(listed, sister.facts().oci) {
		arches = append(arches, sister)
	}
	return arches, nil
}
