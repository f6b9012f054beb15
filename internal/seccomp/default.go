package seccomp

import (
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
)

//go:generate go run ./gen tables
//go:generate go run ./gen default

// Default returns Docker's default profile, resolved for a container with
// bounding set caps on a kernel of architecture arch, 5.10 or newer.
//
// It forbids with EPERM what is not on its list of some 370 harmless calls.
// What is on the list depends on caps: mount only with CAP_SYS_ADMIN, chroot
// only with CAP_SYS_CHROOT. The data is that of github.com/moby/profiles.
func Default(caps capability.Set, arch Arch) *specs.LinuxSeccomp {
	p, err := resolve(seccomp.DefaultProfile(), Host{caps, arch, oldest})
	if err != nil {
		panic("seccomp: Docker's profile contradicts itself: " + err.Error()) // a test resolves it
	}
	return p
}

// DefaultFilter returns the compiled [Default] profile for the architecture of
// this program. For the default capabilities, and all sets that the profile
// cannot tell from them (see [Precompiled]), it was compiled ahead and costs
// nothing; for others it takes some hundred microseconds.
func DefaultFilter(caps capability.Set) (Filter, error) {
	if Precompiled(caps) {
		return Filter{Code: defaultCode}, nil
	}
	return Compile(Default(caps, Native()), Native())
}

// DefaultJSON returns the [Default] profile as JSON, the value of
// linux.seccomp in a config.json, for the architecture of this program and
// all caps for which [Precompiled] holds. Where nothing was compiled ahead it
// is empty.
func DefaultJSON() string {
	return defaultJSON
}

// Precompiled tells whether the default profile for caps was compiled ahead:
// caps agrees with [capability.Default] in all capabilities that the profile
// asks about.
func Precompiled(caps capability.Set) bool {
	return defaultCode != "" && caps&relevantCaps == capability.Default&relevantCaps
}
