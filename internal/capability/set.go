package capability

import (
	"math/bits"
	"strings"
)

// Set is a bit mask of capabilities: bit n is capability n. It is the form of
// CapBnd and its sisters in /proc/PID/status, and its two halves are what
// capset(2) takes. The zero Set is empty.
type Set uint64

// Default is what Docker gives a container that asks for nothing.
const Default Set = 1<<CHOWN |
	1<<DAC_OVERRIDE |
	1<<FOWNER |
	1<<FSETID |
	1<<KILL |
	1<<SETGID |
	1<<SETUID |
	1<<SETPCAP |
	1<<NET_BIND_SERVICE |
	1<<NET_RAW |
	1<<SYS_CHROOT |
	1<<MKNOD |
	1<<AUDIT_WRITE |
	1<<SETFCAP

// Of returns the set that holds exactly caps.
func Of(caps ...Cap) Set {
	return Set(0).Add(caps...)
}

// All returns every capability that the running kernel has, also those that
// are newer than this package. See [Last].
func All() Set {
	return upTo(Last())
}

// Add returns s with caps in it; s itself stays as it is.
// Numbers above 63 do not exist and are ignored.
func (s Set) Add(caps ...Cap) Set {
	for _, c := range caps {
		s |= 1 << c
	}
	return s
}

// Drop returns s without caps; s itself stays as it is.
func (s Set) Drop(caps ...Cap) Set {
	for _, c := range caps {
		s &^= 1 << c
	}
	return s
}

// Has tells whether c is in s.
func (s Set) Has(c Cap) bool {
	return s&(1<<c) != 0
}

// Caps lists the members by number.
func (s Set) Caps() []Cap {
	caps := make([]Cap, 0, bits.OnesCount64(uint64(s)))
	for rest := s; rest != 0; rest &= rest - 1 {
		caps = append(caps, Cap(bits.TrailingZeros64(uint64(rest))))
	}
	return caps
}

// Names lists the members by number, with the names that an OCI config.json
// uses ("CAP_CHOWN"). The empty set gives an empty list, not nil, so that it
// is written to JSON as [].
func (s Set) Names() []string {
	list := make([]string, 0, bits.OnesCount64(uint64(s)))
	for rest := s; rest != 0; rest &= rest - 1 {
		list = append(list, Cap(bits.TrailingZeros64(uint64(rest))).String())
	}
	return list
}

// String joins the names with commas.
func (s Set) String() string {
	return strings.Join(s.Names(), ",")
}

// upTo returns the set of capability 0 to last.
func upTo(last Cap) Set {
	if last >= 63 {
		return ^Set(0)
	}
	return 1<<(last+1) - 1
}
