package seccomp

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
)

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
