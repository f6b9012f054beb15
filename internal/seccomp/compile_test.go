package seccomp

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
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

func TestUnknown(t *testing.T) {
	p := rules(specs.ActErrno, on("read", specs.ActAllow), on("raed", specs.ActAllow), on("send", specs.ActAllow), on("cacheflush", specs.ActAllow))
	assert.Equal(t, []string{"raed"}, Unknown(p))
}
