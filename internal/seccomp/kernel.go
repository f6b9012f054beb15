package seccomp

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Kernel is a kernel's version as far as profiles look at it: 6.1.
type Kernel struct {
	Version, Revision uint64
}

// oldest is the kernel for which the default profile is resolved, here and
// ahead of time: the oldest that lab supports. Docker's profile has one
// condition on the kernel (ptrace needs 4.8, before which it was a way around
// the filter), so every newer kernel gets the same answer; a test guards it.
var oldest = Kernel{5, 10}

// RunningKernel returns the version of the running kernel.
//
// Kernel: uname(2), field release.
func RunningKernel() (Kernel, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Kernel{}, fmt.Errorf("read kernel version: %w", err)
	}
	return parseRelease(unix.ByteSliceToString(u.Release[:]))
}

// parseRelease reads the front of "6.1.0-44-amd64" or "3.12-rc5".
func parseRelease(release string) (Kernel, error) {
	first, rest, _ := strings.Cut(release, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	version, err1 := strconv.ParseUint(first, 10, 32)
	revision, err2 := strconv.ParseUint(rest[:end], 10, 32)
	if err1 != nil || err2 != nil {
		return Kernel{}, fmt.Errorf("kernel release %q does not start with a version", release)
	}
	return Kernel{version, revision}, nil
}

// atLeast tells whether k is other or newer.
func (k Kernel) atLeast(other Kernel) bool {
	if k.Version != other.Version {
		return k.Version > other.Version
	}
	return k.Revision >= other.Revision
}
