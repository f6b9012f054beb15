package seccomp

import (
	"math/rand/v2"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/require"
)

// numbersToTry are the numbers of the table and their neighbours, and odd ones.
func numbersToTry(arch Arch) []uint32 {
	list := []uint32{0xffffffff, 0x80000000, 0x3fffffff, x32Bit, x32Bit | 39, x32Bit | 0x1000, 999, 5000}
	for _, nr := range arch.known() {
		list = append(list, nr, nr+1)
	}
	return list
}

// pool holds arguments near the values that the profile compares with.
func pool(r *rand.Rand, p *specs.LinuxSeccomp) []uint64 {
	values := []uint64{0, 1, 2, 0xffffffff, 0x100000000, 1 << 63, ^uint64(0)}
	for range 8 {
		values = append(values, r.Uint64(), uint64(r.Uint32()))
	}
	for _, rule := range p.Syscalls {
		for _, a := range rule.Args {
			values = append(values, a.Value, a.Value+1, a.Value-1, a.ValueTwo, a.Value^1<<r.IntN(64), a.Value&0xffffffff)
		}
	}
	return values
}

// agree compares the filter with the reference for every number and random arguments.
func agree(t *testing.T, p *specs.LinuxSeccomp, native Arch, r *rand.Rand, rounds int) {
	t.Helper()
	f, err := Compile(p, native)
	require.NoError(t, err)
	require.LessOrEqual(t, f.Len(), MaxInstructions)
	values := pool(r, p)
	for _, arch := range []Arch{AMD64, I386, ARM64, ARM} {
		for _, nr := range numbersToTry(arch) {
			for range rounds {
				c := call{nr: nr, arch: arch.facts().audit, pointer: r.Uint64()}
				for i := range c.args {
					c.args[i] = values[r.IntN(len(values))]
				}
				got, _, err := execute(f, c)
				require.NoError(t, err)
				if want := reference(p, native, c); got != want {
					require.Equal(t, verdictName(want), verdictName(got), "%s %s %d %x in\n%+v\n%s", arch, arch.Name(nr), nr, c.args, p, f)
				}
			}
		}
	}
}

func seeded() *rand.Rand { return seededWith(1, 2) }

func seededWith(a, b uint64) *rand.Rand { return rand.New(rand.NewPCG(a, b)) }

func TestRandomProfiles(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		p := randomProfile(r, 1+r.IntN(60))
		arch := []Arch{AMD64, ARM64, I386, ARM}[r.IntN(4)]
		agree(t, p, arch, r, 3)
	}
}

func TestLongJumps(t *testing.T) {
	// Every call with a comparison of its own: the tree is far from its leaves.
	p := rules(specs.ActErrno)
	for i, n := range i386Numbers {
		p.Syscalls = append(p.Syscalls, on(n.name, specs.ActAllow, specs.LinuxSeccompArg{Index: uint(i % 6), Value: uint64(i), Op: specs.OpEqualTo}))
	}
	f, err := Compile(p, I386)
	require.NoError(t, err)
	require.Greater(t, f.Len(), 1000)
	require.Contains(t, f.String(), "  goto ")
	agree(t, p, I386, seeded(), 2)
	agree(t, p, AMD64, seeded(), 2)
}

func randomProfile(r *rand.Rand, n int) *specs.LinuxSeccomp {
	actions := []specs.LinuxSeccompAction{
		specs.ActAllow, specs.ActErrno, specs.ActTrap, specs.ActKill,
		specs.ActKillProcess, specs.ActLog, specs.ActTrace, specs.ActErrno, specs.ActAllow,
	}
	ops := []specs.LinuxSeccompOperator{
		specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpEqualTo,
		specs.OpGreaterEqual, specs.OpGreaterThan, specs.OpMaskedEqual,
	}
	tables := [][]number{amd64Numbers[:], i386Numbers[:], arm64Numbers[:], armNumbers[:]}
	pick := func() string {
		table := tables[r.IntN(4)]
		return table[r.IntN(len(table))].name
	}
	favourites := []string{pick(), pick(), "socket", "bind", "semop", "socketcall", "ipc", "nonsense"}
	p := &specs.LinuxSeccomp{DefaultAction: actions[r.IntN(len(actions))]}
	if r.IntN(4) > 0 {
		p.Architectures = []specs.Arch{specs.ArchX86, specs.ArchX32, specs.ArchARM}
	}
	for range n {
		rule := specs.LinuxSyscall{Action: actions[r.IntN(len(actions))]}
		if rule.Action == specs.ActErrno && r.IntN(2) == 0 {
			e := uint(r.IntN(200))
			rule.ErrnoRet = &e
		}
		for range 1 + r.IntN(5) {
			rule.Names = append(rule.Names, favourites[r.IntN(len(favourites))], pick())
		}
		for range r.IntN(4) {
			value := r.Uint64() >> r.IntN(64)
			rule.Args = append(rule.Args, specs.LinuxSeccompArg{
				Index: uint(r.IntN(6)), Value: value, ValueTwo: r.Uint64() & value, Op: ops[r.IntN(len(ops))],
			})
		}
		p.Syscalls = append(p.Syscalls, rule)
	}
	return p
}
