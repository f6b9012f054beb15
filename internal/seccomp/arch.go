package seccomp

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// Arch is a system call convention: a table of numbers, and the value that the
// kernel puts into seccomp_data.arch for calls made through it.
//
// The zero Arch is an architecture without a table here; compiling for it fails.
type Arch uint8

// The conventions that this package has tables for.
const (
	AMD64 Arch = iota + 1
	I386
	ARM64
	ARM
)

// facts of an architecture that the compiler and the profiles need.
type facts struct {
	goarch  string
	docker  string     // in a profile's "arches" conditions (libseccomp's name)
	oci     specs.Arch // in config.json and in a profile's archMap
	audit   uint32     // AUDIT_ARCH_* of linux/audit.h
	compat  Arch       // the 32-bit convention that the same kernel may offer
	narrow  bool       // arguments are 32 bits wide
	numbers []number   // sorted by name
}

// number is one row of a system call table.
type number struct {
	name string
	nr   uint32
}

// facts is a switch over data laid out by the linker: nothing runs at start.
func (a Arch) facts() facts {
	switch a {
	case AMD64:
		return facts{"amd64", "amd64", specs.ArchX86_64, unix.AUDIT_ARCH_X86_64, I386, false, amd64Numbers[:]}
	case I386:
		return facts{"386", "x86", specs.ArchX86, unix.AUDIT_ARCH_I386, 0, true, i386Numbers[:]}
	case ARM64:
		return facts{"arm64", "arm64", specs.ArchAARCH64, unix.AUDIT_ARCH_AARCH64, ARM, false, arm64Numbers[:]}
	case ARM:
		return facts{"arm", "arm", specs.ArchARM, unix.AUDIT_ARCH_ARM, 0, true, armNumbers[:]}
	}
	return facts{}
}

// Native returns the architecture that this program was built for.
func Native() Arch {
	a, _ := ParseArch(runtime.GOARCH)
	return a
}

// ParseArch returns the architecture with Go's name ("amd64", "386", "arm64", "arm").
func ParseArch(goarch string) (Arch, error) {
	for _, a := range [...]Arch{AMD64, I386, ARM64, ARM} {
		if a.facts().goarch == goarch {
			return a, nil
		}
	}
	return 0, fmt.Errorf("no system call table for architecture %q", goarch)
}

// String returns Go's name of the architecture.
func (a Arch) String() string {
	if name := a.facts().goarch; name != "" {
		return name
	}
	return fmt.Sprintf("Arch(%d)", uint8(a))
}

// Number returns the number of the named system call, and whether a has it.
func (a Arch) Number(name string) (nr uint32, ok bool) {
	table := a.facts().numbers
	i, ok := slices.BinarySearchFunc(table, name, func(n number, name string) int {
		return cmp.Compare(n.name, name)
	})
	if !ok {
		return 0, false
	}
	return table[i].nr, true
}

// Name returns the name of system call nr, or "" where a has none. It walks
// the whole table: meant for printing.
func (a Arch) Name(nr uint32) string {
	for _, n := range a.facts().numbers {
		if n.nr == nr {
			return n.name
		}
	}
	return ""
}

// known returns all numbers of the table in ascending order.
func (a Arch) known() []uint32 {
	table := a.facts().numbers
	list := make([]uint32, 0, len(table))
	for _, n := range table {
		list = append(list, n.nr)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
