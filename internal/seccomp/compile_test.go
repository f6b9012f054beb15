package seccomp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
)

const (
	allow = uint32(unix.SECCOMP_RET_ALLOW)
	eperm = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	nosys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// run is the verdict of f for the named call.
func run(t *testing.T, f Filter, arch Arch, name string, args ...uint64) uint32 {
	t.Helper()
	nr, ok := arch.Number(name)
	require.True(t, ok, name)
	c := call{nr: nr, arch: arch.facts().audit}
	copy(c.args[:], args)
	v, _, err := execute(f, c)
	require.NoError(t, err)
	return v
}

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

func TestDefaultProfileMeansWhatItSays(t *testing.T) {
	for _, arch := range []Arch{AMD64, ARM64, I386, ARM} {
		for name, caps := range map[string]capability.Set{
			"none": 0, "default": capability.Default, "all": 1<<41 - 1,
			"admin": capability.Default.Add(capability.SYS_ADMIN), "bpf": capability.Of(capability.BPF),
		} {
			t.Run(arch.String()+" "+name, func(t *testing.T) {
				agree(t, Default(caps, arch), arch, seeded(), 5)
			})
		}
	}
}

func TestDefaultProfile(t *testing.T) {
	none := capability.Set(0)
	admin := capability.Of(capability.SYS_ADMIN)
	for _, test := range []struct {
		call string
		caps capability.Set
		args []uint64
		want uint32
	}{
		{"read", none, nil, allow},
		{"write", none, nil, allow},
		{"execve", none, nil, allow},
		{"ptrace", none, nil, allow},
		{"keyctl", none, nil, eperm},
		{"add_key", none, nil, eperm},
		{"kexec_load", admin, nil, eperm},
		{"mount", none, nil, eperm},
		{"mount", admin, nil, allow},
		{"umount2", none, nil, eperm},
		{"unshare", none, []uint64{unix.CLONE_NEWUSER}, eperm},
		{"unshare", admin, []uint64{unix.CLONE_NEWUSER}, allow},
		{"setns", none, nil, eperm},
		{"io_uring_setup", none, nil, eperm},
		{"userfaultfd", none, nil, eperm},
		{"clone3", none, nil, nosys},
		{"clone3", admin, nil, allow},
		{"clone", none, []uint64{uint64(unix.SIGCHLD)}, allow},
		{"clone", none, []uint64{unix.CLONE_VM | unix.CLONE_THREAD}, allow},
		{"clone", none, []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, eperm},
		{"clone", none, []uint64{unix.CLONE_NEWNS}, eperm},
		{"clone", none, []uint64{unix.CLONE_NEWCGROUP}, eperm},
		{"clone", none, []uint64{1 << 40}, allow}, // bits above 32 are no flags of clone
		{"clone", admin, []uint64{unix.CLONE_NEWUSER}, allow},
		{"personality", none, []uint64{0}, allow},
		{"personality", none, []uint64{8}, allow},
		{"personality", none, []uint64{0x20008}, allow},
		{"personality", none, []uint64{0xffffffff}, allow},
		{"personality", none, []uint64{1}, eperm},
		{"personality", none, []uint64{0x40000}, eperm}, // ADDR_NO_RANDOMIZE
		{"socket", none, []uint64{unix.AF_INET}, allow},
		{"socket", none, []uint64{unix.AF_ALG}, eperm},
		{"socket", none, []uint64{unix.AF_NFC}, allow},
		{"socket", none, []uint64{unix.AF_VSOCK}, eperm},
		{"socket", none, []uint64{unix.AF_XDP}, allow},
		{"chroot", none, nil, eperm},
		{"chroot", capability.Default, nil, allow},
		{"settimeofday", capability.Default, nil, eperm},
		{"settimeofday", capability.Of(capability.SYS_TIME), nil, allow},
		{"bpf", capability.Default, nil, eperm},
		{"bpf", capability.Of(capability.BPF), nil, allow},
		{"syslog", capability.Of(capability.SYSLOG), nil, allow},
	} {
		for _, arch := range []Arch{AMD64, ARM64} {
			for _, convention := range []Arch{arch, arch.facts().compat} {
				f, err := Compile(Default(test.caps, arch), arch)
				require.NoError(t, err)
				if test.want == allow && len(test.args) > 0 && test.args[0] > 0xffffffff && convention.facts().narrow {
					continue
				}
				assert.Equal(t, verdictName(test.want), verdictName(run(t, f, convention, test.call, test.args...)),
					"%s(%x) on %s for %s", test.call, test.args, convention, test.caps)
			}
		}
	}
	f, err := Compile(Default(0, ARM64), ARM64)
	require.NoError(t, err)
	assert.Equal(t, allow, run(t, f, ARM, "cacheflush"))
	assert.Equal(t, allow, run(t, f, ARM, "set_tls"))
	f, err = Compile(Default(0, AMD64), AMD64)
	require.NoError(t, err)
	assert.Equal(t, allow, run(t, f, I386, "socketcall", 1))
	assert.Equal(t, allow, run(t, f, AMD64, "arch_prctl"))
}

// The limit of a filter that compares 64 bits where the kernel uses 32: see doc.go.
func TestDefaultProfileComparesTheWholeRegister(t *testing.T) {
	f, err := Compile(Default(0, AMD64), AMD64)
	require.NoError(t, err)
	assert.Equal(t, allow, run(t, f, AMD64, "socket", 1<<32|unix.AF_VSOCK))
}

func TestForeignConventions(t *testing.T) {
	f, err := Compile(Default(0, AMD64), AMD64)
	require.NoError(t, err)
	for _, test := range []struct {
		arch, nr, want uint32
	}{
		{unix.AUDIT_ARCH_X86_64, 0, allow},
		{unix.AUDIT_ARCH_X86_64, 999, nosys},
		{unix.AUDIT_ARCH_X86_64, x32Bit, nosys},
		{unix.AUDIT_ARCH_X86_64, x32Bit | 1, nosys},
		{unix.AUDIT_ARCH_X86_64, 0xffffffff, nosys},
		{unix.AUDIT_ARCH_I386, 3, allow},
		{unix.AUDIT_ARCH_AARCH64, 63, unix.SECCOMP_RET_KILL_PROCESS},
		{0, 0, unix.SECCOMP_RET_KILL_PROCESS},
	} {
		got, _, err := execute(f, call{nr: test.nr, arch: test.arch})
		require.NoError(t, err)
		assert.Equal(t, verdictName(test.want), verdictName(got), "arch %#x nr %#x", test.arch, test.nr)
	}

	native := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	f, err = Compile(native, AMD64)
	require.NoError(t, err)
	for nr, want := range map[uint32]uint32{0: allow, 999: allow, x32Bit: nosys, x32Bit - 1: allow} {
		got, _, _ := execute(f, call{nr: nr, arch: unix.AUDIT_ARCH_X86_64})
		assert.Equal(t, verdictName(want), verdictName(got), nr)
	}
	got, _, _ := execute(f, call{nr: 3, arch: unix.AUDIT_ARCH_I386})
	assert.EqualValues(t, unix.SECCOMP_RET_KILL_PROCESS, got, "i386 is not listed")
}

func rules(action specs.LinuxSeccompAction, rules ...specs.LinuxSyscall) *specs.LinuxSeccomp {
	return &specs.LinuxSeccomp{
		DefaultAction: action,
		Architectures: []specs.Arch{specs.ArchX86_64, specs.ArchX86},
		Syscalls:      rules,
	}
}

func on(name string, action specs.LinuxSeccompAction, args ...specs.LinuxSeccompArg) specs.LinuxSyscall {
	return specs.LinuxSyscall{Names: []string{name}, Action: action, Args: args}
}

func TestActions(t *testing.T) {
	seven := uint(7)
	for _, test := range []struct {
		action specs.LinuxSeccompAction
		errno  *uint
		want   uint32
	}{
		{specs.ActKill, nil, unix.SECCOMP_RET_KILL_THREAD},
		{specs.ActKillThread, nil, unix.SECCOMP_RET_KILL_THREAD},
		{specs.ActKillProcess, nil, unix.SECCOMP_RET_KILL_PROCESS},
		{specs.ActTrap, nil, unix.SECCOMP_RET_TRAP},
		{specs.ActErrno, nil, unix.SECCOMP_RET_ERRNO | 1},
		{specs.ActErrno, &seven, unix.SECCOMP_RET_ERRNO | 7},
		{specs.ActTrace, nil, unix.SECCOMP_RET_TRACE | 1},
		{specs.ActTrace, &seven, unix.SECCOMP_RET_TRACE | 7},
		{specs.ActAllow, nil, unix.SECCOMP_RET_ALLOW},
		{specs.ActLog, nil, unix.SECCOMP_RET_LOG},
	} {
		// The same action as a rule, and as the default.
		r := on("read", test.action)
		r.ErrnoRet = test.errno
		f, err := Compile(rules(specs.ActTrap, r), AMD64)
		require.NoError(t, err)
		assert.Equal(t, test.want, run(t, f, AMD64, "read"), "%s", test.action)

		p := rules(test.action)
		p.DefaultErrnoRet = test.errno
		f, err = Compile(p, AMD64)
		require.NoError(t, err)
		assert.Equal(t, test.want, run(t, f, AMD64, "read"), "%s", test.action)
	}
}

func TestOperators(t *testing.T) {
	values := []uint64{0, 1, 5, 0xffffffff, 1 << 32, 1<<32 | 5, 5 << 32, 5<<32 | 5, 1 << 63, ^uint64(0)}
	for _, op := range []specs.LinuxSeccompOperator{
		specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpEqualTo,
		specs.OpGreaterEqual, specs.OpGreaterThan, specs.OpMaskedEqual,
	} {
		for _, value := range values {
			p := rules(specs.ActErrno, on("read", specs.ActAllow, specs.LinuxSeccompArg{Index: 3, Op: op, Value: value, ValueTwo: 1<<32 | 1}))
			f, err := Compile(p, AMD64)
			require.NoError(t, err)
			for _, v := range values {
				for _, arch := range []Arch{AMD64, I386} {
					nr, _ := arch.Number("read")
					c := call{nr: nr, arch: arch.facts().audit, args: [6]uint64{3: v}}
					got, _, err := execute(f, c)
					require.NoError(t, err)
					require.Equal(t, reference(p, AMD64, c), got, "%s: %#x %s %#x", arch, v, op, value)
				}
			}
		}
	}
}

func TestRules(t *testing.T) {
	eq := func(index uint, value uint64) specs.LinuxSeccompArg {
		return specs.LinuxSeccompArg{Index: index, Value: value, Op: specs.OpEqualTo}
	}
	for name, test := range map[string]struct {
		rules []specs.LinuxSyscall
		args  []uint64
		want  uint32
	}{
		"arguments are and, both":          {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1), eq(1, 2))}, []uint64{1, 2}, allow},
		"arguments are and, one":           {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1), eq(1, 2))}, []uint64{1, 3}, eperm},
		"the same argument twice is or":    {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1), eq(0, 2))}, []uint64{2}, allow},
		"twice splits the others too":      {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1), eq(0, 2), eq(1, 9))}, []uint64{0, 9}, allow},
		"rules are or":                     {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1)), on("ioctl", specs.ActAllow, eq(0, 2))}, []uint64{2}, allow},
		"the first rule decides":           {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1)), on("ioctl", specs.ActTrap)}, []uint64{1}, allow},
		"the second decides the rest":      {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow, eq(0, 1)), on("ioctl", specs.ActTrap)}, []uint64{2}, unix.SECCOMP_RET_TRAP},
		"a rule for all hides later ones":  {[]specs.LinuxSyscall{on("ioctl", specs.ActAllow), on("ioctl", specs.ActTrap, eq(0, 1))}, []uint64{1}, allow},
		"a rule like the default can hide": {[]specs.LinuxSyscall{on("ioctl", specs.ActErrno, eq(0, 1)), on("ioctl", specs.ActAllow)}, []uint64{1}, eperm},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Compile(rules(specs.ActErrno, test.rules...), AMD64)
			require.NoError(t, err)
			assert.Equal(t, verdictName(test.want), verdictName(run(t, f, AMD64, "ioctl", test.args...)))
		})
	}
}

func TestOldDoorsOfI386(t *testing.T) {
	vsock := specs.LinuxSeccompArg{Value: unix.AF_VSOCK, Op: specs.OpEqualTo}
	f, err := Compile(rules(specs.ActAllow, on("bind", specs.ActErrno), on("socket", specs.ActErrno, vsock), on("shmget", specs.ActErrno)), AMD64)
	require.NoError(t, err)
	assert.Equal(t, eperm, run(t, f, I386, "bind"))
	assert.Equal(t, eperm, run(t, f, I386, "socketcall", 2))
	assert.Equal(t, allow, run(t, f, I386, "socketcall", 3))
	assert.Equal(t, allow, run(t, f, I386, "socket", unix.AF_INET))
	assert.Equal(t, eperm, run(t, f, I386, "socketcall", 1), "the family cannot be seen, so all are refused")
	assert.Equal(t, eperm, run(t, f, I386, "ipc", 23))
	assert.Equal(t, eperm, run(t, f, I386, "ipc", 1<<16|23), "with a version")
	assert.Equal(t, allow, run(t, f, I386, "ipc", 24))

	f, err = Compile(rules(specs.ActErrno, on("bind", specs.ActAllow), on("socket", specs.ActAllow, vsock)), AMD64)
	require.NoError(t, err)
	assert.Equal(t, allow, run(t, f, I386, "socketcall", 2))
	assert.Equal(t, eperm, run(t, f, I386, "socketcall", 1))
	assert.Equal(t, eperm, run(t, f, I386, "socketcall", 3))
}

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

func TestCompileErrors(t *testing.T) {
	big := uint(4096)
	one := uint(1)
	many := rules(specs.ActErrno)
	for i := range 6000 {
		many.Syscalls = append(many.Syscalls, on("read", specs.ActAllow, specs.LinuxSeccompArg{Index: 0, Value: uint64(i), Op: specs.OpEqualTo}))
	}
	middling := rules(specs.ActErrno)
	middling.Syscalls = many.Syscalls[:2000]
	for want, p := range map[string]*specs.LinuxSeccomp{
		"no profile":                                           nil,
		`default action: unknown action ""`:                    {},
		`unknown action "SCMP_ACT_X"`:                          rules(specs.ActErrno, on("read", "SCMP_ACT_X")),
		"needs a listener":                                     rules(specs.ActErrno, on("read", specs.ActNotify)),
		`rule 2 (write): unknown operator ""`:                  rules(specs.ActErrno, on("read", specs.ActAllow), on("write", specs.ActAllow, specs.LinuxSeccompArg{})),
		"argument index 6: a system call has arguments 0 to 5": rules(specs.ActErrno, on("read", specs.ActAllow, specs.LinuxSeccompArg{Index: 6, Op: specs.OpEqualTo})),
		"errno 4096 is larger than 4095":                       {DefaultAction: specs.ActErrno, DefaultErrnoRet: &big},
		"action SCMP_ACT_ALLOW takes no errno, but has 1":      {DefaultAction: specs.ActAllow, DefaultErrnoRet: &one},
		`unknown flag "X"`:                                     {DefaultAction: specs.ActAllow, Flags: []specs.LinuxSeccompFlag{"X"}},
		`unknown architecture "i386"`:                          {DefaultAction: specs.ActAllow, Architectures: []specs.Arch{"i386"}},
		`listenerPath "/run/x"`:                                {DefaultAction: specs.ActAllow, ListenerPath: "/run/x"},
		"more than the kernel's 4096":                          many,
		"the filter needs more than the kern":                  middling,
	} {
		f, err := Compile(p, AMD64)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "compile seccomp profile: ")
		assert.Empty(t, f)
	}
	_, err := Compile(rules(specs.ActAllow), 0)
	require.ErrorContains(t, err, "no system call table for architecture Arch(0)")
}

func TestFlags(t *testing.T) {
	p := rules(specs.ActAllow)
	p.Flags = []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagLog, specs.LinuxSeccompFlagSpecAllow, "SECCOMP_FILTER_FLAG_TSYNC"}
	f, err := Compile(p, AMD64)
	require.NoError(t, err)
	assert.EqualValues(t, unix.SECCOMP_FILTER_FLAG_LOG|unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW|unix.SECCOMP_FILTER_FLAG_TSYNC, f.Flags)
}

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

func TestUnknown(t *testing.T) {
	p := rules(specs.ActErrno, on("read", specs.ActAllow), on("raed", specs.ActAllow), on("send", specs.ActAllow), on("cacheflush", specs.ActAllow))
	assert.Equal(t, []string{"raed"}, Unknown(p))
}

func TestString(t *testing.T) {
	f, err := Compile(Default(capability.Default, AMD64), AMD64)
	require.NoError(t, err)
	text := f.String()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	assert.Len(t, lines, f.Len())
	assert.Contains(t, text, "   0  load arch\n   1  if A == 0xc000003e amd64 goto 4 else 2\n")
	assert.Contains(t, text, "load argument 0, high half")
	assert.Contains(t, text, "return ERRNO EPERM")
	assert.NotContains(t, text, "code ")
	assert.Contains(t, Filter{Code: strings.Repeat("\xff", 16)}.String(), "code 0xffff")
}

func BenchmarkCompileDefault(b *testing.B) {
	for range b.N {
		if _, err := Compile(Default(capability.Of(capability.SYS_ADMIN), AMD64), AMD64); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleFilter_String() {
	p := &specs.LinuxSeccomp{
		DefaultAction: specs.ActErrno,
		Syscalls: []specs.LinuxSyscall{
			{Names: []string{"read", "write", "open", "close"}, Action: specs.ActAllow},
			{Names: []string{"personality"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{{Index: 0, Value: 0, Op: specs.OpEqualTo}}},
		},
	}
	f, err := Compile(p, AMD64)
	if err != nil {
		panic(err)
	}
	fmt.Print(f)
	// Output:
	// 0  load arch
	//    1  if A == 0xc000003e amd64 goto 3 else 2
	//    2  return KILL_PROCESS
	//    3  load number
	//    4  if A >= 136 ustat goto 7 else 5
	//    5  if A >= 4 stat goto 6 else 15
	//    6  if A >= 135 personality goto 11 else 16
	//    7  if A >= 424 pidfd_send_signal goto 9 else 8
	//    8  if A >= 337 goto 10 else 16
	//    9  if A >= 472 goto 10 else 16
	//   10  return ERRNO ENOSYS
	//   11  load argument 0, high half
	//   12  if A == 0x0 goto 13 else 16
	//   13  load argument 0, low half
	//   14  if A == 0x0 goto 15 else 16
	//   15  return ALLOW
	//   16  return ERRNO EPERM
}
