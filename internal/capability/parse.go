package capability

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnknown is returned, wrapped in a sentence, by [Parse], [FromNames] and
// [Tweak] for a name that is no capability.
var ErrUnknown = errors.New("unknown capability")

// ErrNotInKernel is returned, wrapped in a sentence, by [Tweak] for a
// capability that is newer than the running kernel.
var ErrNotInKernel = errors.New("capability is newer than the running kernel")

// Parse returns the capability that name stands for, in any case and with or
// without the prefix: "NET_ADMIN", "cap_net_admin". "ALL" is no capability;
// only [Tweak] knows it.
func Parse(name string) (Cap, error) {
	full := strings.ToUpper(name)
	if !strings.HasPrefix(full, "CAP_") {
		full = "CAP_" + full
	}
	if i := slices.Index(names[:], full); i >= 0 {
		return Cap(i), nil
	}
	if near := nearest(full); len(near) > 0 {
		return 0, fmt.Errorf("%w %q; near names are %s", ErrUnknown, name, strings.Join(near, ", "))
	}
	return 0, fmt.Errorf("%w %q; capabilities(7) lists them all", ErrUnknown, name)
}

// FromNames returns the set of the named capabilities, as they stand in an
// OCI config.json or in a profile.
func FromNames(list []string) (Set, error) {
	var s Set
	for _, name := range list {
		c, err := Parse(name)
		if err != nil {
			return 0, err
		}
		s = s.Add(c)
	}
	return s, nil
}

// Tweak applies --cap-add and --cap-drop to base, by Docker's rules:
//
//   - add has "ALL": every capability of the running kernel, less those that
//     drop names one by one;
//   - else drop has "ALL": only what add names;
//   - else base less drop plus add, so that a name in both stays.
//
// Names are read as by [Parse]; "ALL" is taken in any case. A capability to be
// added that the running kernel does not have is an error, one to be dropped
// is not there already.
func Tweak(base Set, add, drop []string) (Set, error) {
	return tweak(base, add, drop, All())
}

func tweak(base Set, add, drop []string, kernel Set) (Set, error) {
	added, addAll, err := parseFlags("add", add)
	if err != nil {
		return 0, err
	}
	if missing := added &^ kernel; missing != 0 {
		return 0, fmt.Errorf("add %s: %w", missing, ErrNotInKernel)
	}
	dropped, dropAll, err := parseFlags("drop", drop)
	if err != nil {
		return 0, err
	}
	switch {
	case addAll:
		return kernel &^ dropped, nil
	case dropAll:
		return added, nil
	default:
		return base&^dropped | added, nil
	}
}

// parseFlags reads the values of one flag and tells whether "ALL" was among them.
func parseFlags(verb string, list []string) (s Set, all bool, err error) {
	for _, name := range list {
		if strings.EqualFold(name, "ALL") {
			all = true
			continue
		}
		c, err := Parse(name)
		if err != nil {
			return 0, false, fmt.Errorf("%s %w", verb, err)
		}
		s = s.Add(c)
	}
	return s, all, nil
}
