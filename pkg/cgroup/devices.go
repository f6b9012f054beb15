package cgroup

import (
	"fmt"
	"slices"
	"strings"
)

// Any is the major or minor number of a rule that is about all of them.
const Any = -1

const (
	maxMajor = 1<<12 - 1 // makedev(3): the kernel's dev_t has 12 bits of major
	maxMinor = 1<<20 - 1 // and 20 of minor
)

// DeviceRule allows or denies an access to devices.
type DeviceRule struct {
	Allow  bool
	Type   byte   // 'c' character devices, 'b' block devices, 'a' all (then the numbers mean nothing)
	Major  int64  // Any for all
	Minor  int64  // Any for all
	Access string // of "rwm": read, write, mknod
}

// String returns the rule as v1's devices.allow takes it: "c 1:3 rwm".
func (r DeviceRule) String() string {
	if r.Type == 'a' {
		return "a *:* " + r.Access
	}
	return fmt.Sprintf("%c %s:%s %s", r.Type, number(r.Major), number(r.Minor), r.Access)
}

func number(n int64) string {
	if n == Any {
		return "*"
	}
	return itoa(n)
}

// DefaultDevices are the rules of an ordinary container, which are Docker's: nothing, then mknod of any device (a
// node that cannot be opened is harmless), and the devices of every /dev: null zero full random urandom tty console ptmx pts/*.
func DefaultDevices() []DeviceRule {
	rules := []DeviceRule{
		{Type: 'a', Major: Any, Minor: Any, Access: "rwm"},
		{Allow: true, Type: 'c', Major: Any, Minor: Any, Access: "m"},
		{Allow: true, Type: 'b', Major: Any, Minor: Any, Access: "m"},
	}
	for _, d := range [...][2]int64{
		{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, // null zero full random urandom
		{5, 0}, {5, 1}, {5, 2}, {136, Any}, // tty console ptmx pts/*
	} {
		rules = append(rules, DeviceRule{Allow: true, Type: 'c', Major: d[0], Minor: d[1], Access: "rwm"})
	}
	return rules
}

// access bits, as bpf(2) numbers them.
const (
	accessMknod = 1 << iota
	accessRead
	accessWrite
	accessAll = accessMknod | accessRead | accessWrite
)

// exception is what differs from the default: accesses to one device or one wildcard.
type exception struct {
	kind         byte // 'c' or 'b'
	major, minor int64
	access       int
}

func (e exception) String() string {
	word := ""
	for _, a := range [...]struct {
		bit  int
		name string
	}{{accessRead, "r"}, {accessWrite, "w"}, {accessMknod, "m"}} {
		if e.access&a.bit != 0 {
			word += a.name
		}
	}
	return DeviceRule{Type: e.kind, Major: e.major, Minor: e.minor, Access: word}.String()
}

// reduce plays the rules in order on what the v1 kernel keeps: a default, and exceptions to it. Rules about one device
// become one exception, so that a device allowed to be read here and written there may be opened for both.
//
// A denial of part of a wildcard that was allowed ("allow c *:*, deny c 1:3") is an error: the v1 kernel would pass
// over the denial in silence.
func reduce(rules []DeviceRule) (allow bool, list []exception, err error) {
	allow = true
	for _, r := range rules {
		access, err := r.parse()
		if err != nil {
			return false, nil, err
		}
		if r.Type == 'a' {
			if access != accessAll {
				return false, nil, fmt.Errorf("device rule %q: a rule for all devices is for rwm", r)
			}
			allow, list = r.Allow, nil
			continue
		}
		e := exception{r.Type, r.Major, r.Minor, access}
		if r.Allow != allow {
			list = add(list, e)
			continue
		}
		var left exception
		if list, left = remove(list, e); left.access != 0 {
			return false, nil, fmt.Errorf("device rule %q: it is about a part of %q before it, which cannot be taken out again", r, left)
		}
	}
	return allow, list, nil
}

// parse checks a rule and returns its access bits.
func (r DeviceRule) parse() (access int, err error) {
	for _, c := range r.Access {
		bit := 0
		switch c {
		case 'm':
			bit = accessMknod
		case 'r':
			bit = accessRead
		case 'w':
			bit = accessWrite
		}
		if bit == 0 || access&bit != 0 {
			return 0, fmt.Errorf("device rule %q: the access is made of r, w and m", r)
		}
		access |= bit
	}
	switch {
	case access == 0:
		return 0, fmt.Errorf("device rule %q: the access is made of r, w and m", r)
	case r.Type != 'a' && r.Type != 'b' && r.Type != 'c':
		return 0, fmt.Errorf("device rule: the type is a, b or c, not %q", r.Type)
	case r.Type != 'a' && (r.Major < Any || r.Major > maxMajor || r.Minor < Any || r.Minor > maxMinor):
		return 0, fmt.Errorf("device rule %q: major numbers end at %d, minor at %d", r, maxMajor, maxMinor)
	}
	return access, nil
}

// add merges an exception into the one about the same device.
func add(list []exception, e exception) []exception {
	for i := range list {
		if list[i].sameDevice(e) {
			list[i].access |= e.access
			return list
		}
	}
	return append(list, e)
}

// remove takes accesses out of the exception about the same device. left is a wider exception that would still grant
// what was to be taken.
func remove(list []exception, e exception) (_ []exception, left exception) {
	for i := range list {
		if list[i].sameDevice(e) {
			list[i].access &^= e.access
		}
	}
	list = slices.DeleteFunc(list, func(o exception) bool { return o.access == 0 })
	for _, o := range list {
		if o.kind == e.kind && o.access&e.access != 0 && meets(o.major, e.major) && meets(o.minor, e.minor) {
			return list, o
		}
	}
	return list, exception{}
}

func meets(a, b int64) bool { return a == b || a == Any || b == Any }

func (e exception) sameDevice(o exception) bool {
	return e.kind == o.kind && e.major == o.major && e.minor == o.minor
}

// devicesV1 turns rules into writes. A new group has what its parent allows, so there "allow all" need not be
// written; under a parent that denies, the kernel would refuse it.
func devicesV1(rules []DeviceRule, update bool) []setting {
	allow, list, err := reduce(rules)
	if err != nil {
		return nil // wellFormed has refused it before
	}
	lines := make([]string, len(list))
	for i, e := range list {
		lines[i] = strings.TrimSpace(e.String())
	}
	whole, part := "devices.deny", "devices.allow"
	if allow {
		whole, part = part, whole
	}
	var settings []setting
	if !allow || update {
		settings = append(settings, setting{whole, []string{"a"}})
	}
	if len(lines) > 0 {
		settings = append(settings, setting{part, lines})
	}
	return settings
}
