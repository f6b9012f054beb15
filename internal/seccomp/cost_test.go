package seccomp

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
)

// The numbers that doc.go tells.
func TestCostOfTheDefaultProfile(t *testing.T) {
	for _, arch := range []Arch{AMD64, ARM64} {
		f, err := Compile(Default(capability.Default, arch), arch)
		require.NoError(t, err)
		assert.Less(t, f.Len(), 350)
		for _, convention := range []Arch{arch, arch.facts().compat} {
			most, sum, calls := 0, 0, 0
			slowest := ""
			for _, nr := range convention.known() {
				_, steps, err := execute(f, call{nr: nr, arch: convention.facts().audit})
				require.NoError(t, err)
				if steps > most {
					most, slowest = steps, convention.Name(nr)
				}
				sum, calls = sum+steps, calls+1
			}
			t.Logf("%s through %s: %d instructions, executed at most %d (%s), on average %.1f",
				convention, arch, f.Len(), most, slowest, float64(sum)/float64(calls))
			assert.Less(t, most, 25)
		}
	}
}

// Since Linux 5.11 the kernel runs a filter once for every number when it is
// installed, with the arguments unknown, and remembers which are always
// allowed: those skip the filter. It understands only a few instructions
// (seccomp_is_const_allow in kernel/seccomp.c); ours must be among them.
func TestKernelCanCacheAllowedCalls(t *testing.T) {
	f, err := Compile(Default(capability.Default, AMD64), AMD64)
	require.NoError(t, err)
	cached := 0
	for _, nr := range AMD64.known() {
		v, _, err := execute(f, call{nr: nr, arch: unix.AUDIT_ARCH_X86_64})
		require.NoError(t, err)
		if constAllow(f, nr, unix.AUDIT_ARCH_X86_64) {
			require.Equal(t, allow, v)
			cached++
		} else if v == allow {
			require.Contains(t, []string{"clone", "personality", "socket"}, AMD64.Name(nr))
		}
	}
	assert.Greater(t, cached, 250)
}

func constAllow(f Filter, nr, arch uint32) bool {
	code := f.instructions()
	a := uint32(0)
	for pc := 0; pc < len(code); pc++ {
		in := code[pc]
		holds := false
		switch in.Code {
		case opLoad:
			switch in.K {
			case offsetNumber:
				a = nr
			case offsetArch:
				a = arch
			default:
				return false // depends on the arguments
			}
			continue
		case opAnd:
			a &= in.K
			continue
		case opRet:
			return in.K == allow
		case opJump:
			pc += int(in.K)
			continue
		case opJeq:
			holds = a == in.K
		case opJge:
			holds = a >= in.K
		case opJgt:
			holds = a > in.K
		default:
			return false
		}
		if holds {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	return false
}

func BenchmarkCompileDefault(b *testing.B) {
	for range b.N {
		if _, err := Compile(Default(capability.Of(capability.SYS_ADMIN), AMD64), AMD64); err != nil {
			b.Fatal(err)
		}
	}
}
