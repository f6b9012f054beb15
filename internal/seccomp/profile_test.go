package seccomp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	moby "github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/capability"
)

func host(caps ...capability.Cap) Host {
	return Host{capability.Of(caps...), AMD64, Kernel{6, 1}}
}

func TestParseConditions(t *testing.T) {
	for name, test := range map[string]struct {
		condition string
		host      Host
		want      bool
	}{
		"none":                      {``, host(), true},
		"includes a held cap":       {`,"includes":{"caps":["CAP_BPF"]}`, host(capability.BPF), true},
		"includes an absent cap":    {`,"includes":{"caps":["CAP_BPF"]}`, host(), false},
		"includes need all":         {`,"includes":{"caps":["CAP_BPF","CAP_CHOWN"]}`, host(capability.BPF), false},
		"includes an unknown cap":   {`,"includes":{"caps":["CAP_NEXT"]}`, host(capability.BPF), false},
		"caps want the full name":   {`,"includes":{"caps":["BPF"]}`, host(capability.BPF), false},
		"excludes a held cap":       {`,"excludes":{"caps":["CAP_BPF"]}`, host(capability.BPF), false},
		"excludes need one":         {`,"excludes":{"caps":["CAP_BPF","CAP_CHOWN"]}`, host(capability.BPF), false},
		"excludes an absent cap":    {`,"excludes":{"caps":["CAP_BPF"]}`, host(), true},
		"includes this arch":        {`,"includes":{"arches":["s390x","amd64"]}`, host(), true},
		"includes another arch":     {`,"includes":{"arches":["arm64"]}`, host(), false},
		"excludes this arch":        {`,"excludes":{"arches":["amd64"]}`, host(), false},
		"excludes another arch":     {`,"excludes":{"arches":["arm64"]}`, host(), true},
		"includes an older kernel":  {`,"includes":{"minKernel":"4.8"}`, host(), true},
		"includes this kernel":      {`,"includes":{"minKernel":"6.1"}`, host(), true},
		"includes a newer revision": {`,"includes":{"minKernel":"6.2"}`, host(), false},
		"includes a newer kernel":   {`,"includes":{"minKernel":"7.0"}`, host(), false},
		"excludes an older kernel":  {`,"excludes":{"minKernel":"4.8"}`, host(), false},
		"excludes a newer kernel":   {`,"excludes":{"minKernel":"7.0"}`, host(), true},
		"includes and excludes":     {`,"includes":{"caps":["CAP_BPF"]},"excludes":{"caps":["CAP_CHOWN"]}`, host(capability.BPF, capability.CHOWN), false},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"` + test.condition + `}]}`
			p, err := Parse([]byte(text), test.host)
			require.NoError(t, err)
			assert.Equal(t, test.want, len(p.Syscalls) == 1)
		})
	}
}

func TestParseFormat(t *testing.T) {
	p, err := Parse([]byte(`{
		"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
		"archMap": [
			{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
			{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
		"flags": ["SECCOMP_FILTER_FLAG_LOG"],
		"syscalls": [
			{"name": "read", "action": "SCMP_ACT_ALLOW", "comment": "old style", "args": null},
			{"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5,
			 "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]
	}`), host())
	require.NoError(t, err)
	e38, e5 := uint(38), uint(5)
	assert.Equal(t, &specs.LinuxSeccomp{
		DefaultAction:   specs.ActErrno,
		DefaultErrnoRet: &e38,
		Architectures:   []specs.Arch{specs.ArchX86_64, specs.ArchX86},
		Flags:           []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagLog},
		Syscalls: []specs.LinuxSyscall{
			{Names: []string{"read"}, Action: specs.ActAllow},
			{Names: []string{"clone"}, Action: specs.ActErrno, ErrnoRet: &e5, Args: []specs.LinuxSeccompArg{{Index: 0, Value: 2114060288, Op: specs.OpMaskedEqual}}},
		},
	}, p)
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:   "parse seccomp profile: unexpected end of JSON input",
		`{}`: "parse seccomp profile: it has no defaultAction",
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[null]}`:                                                 "rule 1 is null",
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"]}]}`:                           `rule 1 has both name "a" and names`,
		`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":""}]}`: "it has both architectures and archMap",
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"includes":{"minKernel":"x"}}]}`:                       "invalid kernel version",
	} {
		_, err := Parse([]byte(text), host())
		require.ErrorContains(t, err, want)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "profile.json")
	_, err := Load(path, 0)
	require.ErrorIs(t, err, os.ErrNotExist)

	// Docker's own file, loaded, is the default profile.
	text, err := json.Marshal(moby.DefaultProfile())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	p, err := Load(path, capability.Default)
	require.NoError(t, err)
	assert.Equal(t, asJSON(t, Default(capability.Default, Native())), asJSON(t, p))

	require.NoError(t, os.WriteFile(path, []byte("[]"), 0o600))
	_, err = Load(path, 0)
	require.ErrorContains(t, err, path+": parse seccomp profile: ")

	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat(" ", maxProfile+1)), 0o600))
	_, err = Load(path, 0)
	require.ErrorContains(t, err, "larger than 1048576 bytes")
}

func asJSON(t *testing.T, p *specs.LinuxSeccomp) string {
	text, err := json.Marshal(p)
	require.NoError(t, err)
	return string(text)
}

// Docker resolves its profile for the machine it runs on; ours must agree.
func TestDefaultIsWhatDockerResolves(t *testing.T) {
	for _, caps := range []capability.Set{0, capability.Default, 1<<41 - 1, capability.Of(capability.SYS_ADMIN)} {
		spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: caps.Names()}}}
		docker, err := moby.GetDefaultProfile(spec)
		require.NoError(t, err)
		assert.Equal(t, asJSON(t, docker), asJSON(t, Default(caps, Native())))
	}
}

// What is compiled ahead for 5.10 is right for every kernel after it.
func TestDefaultAsksForNoKernelNewerThanOldest(t *testing.T) {
	for _, call := range moby.DefaultProfile().Syscalls {
		for _, f := range []*moby.Filter{call.Includes, call.Excludes} {
			if f != nil && f.MinKernel != nil {
				assert.True(t, oldest.atLeast(Kernel{f.MinKernel.Kernel, f.MinKernel.Major}), "%v", call.Names)
			}
		}
	}
}

func TestDefaultFilter(t *testing.T) {
	compiled, err := Compile(Default(capability.Default, Native()), Native())
	require.NoError(t, err)
	ahead, err := DefaultFilter(capability.Default)
	require.NoError(t, err)
	assert.Equal(t, compiled, ahead)
	assert.Equal(t, asJSON(t, Default(capability.Default, Native())), DefaultJSON())
	assert.Zero(t, testing.AllocsPerRun(10, func() { _, _ = DefaultFilter(capability.Default) }))

	// The profile cannot tell these from the default.
	for _, caps := range []capability.Set{capability.Default.Drop(capability.CHOWN), capability.Default.Add(capability.NET_ADMIN), capability.Of(capability.SYS_CHROOT)} {
		assert.True(t, Precompiled(caps))
		assert.Equal(t, DefaultJSON(), asJSON(t, Default(caps, Native())))
	}
	for _, caps := range []capability.Set{0, capability.Default.Add(capability.SYS_ADMIN), capability.Default.Drop(capability.SYS_CHROOT)} {
		assert.False(t, Precompiled(caps))
		f, err := DefaultFilter(caps)
		require.NoError(t, err)
		assert.NotEqual(t, ahead.Code, f.Code)
	}
}

// Every single capability either is asked about or changes nothing.
func TestPrecompiledKnowsWhatIsRelevant(t *testing.T) {
	ahead := asJSON(t, Default(capability.Default, Native()))
	for c := range capability.CHECKPOINT_RESTORE + 1 {
		for _, caps := range []capability.Set{capability.Default.Add(c), capability.Default.Drop(c)} {
			if asJSON(t, Default(caps, Native())) != ahead {
				assert.False(t, Precompiled(caps), c)
			}
		}
	}
}

func TestParseRelease(t *testing.T) {
	for release, want := range map[string]Kernel{
		"6.1.0-44-amd64": {6, 1}, "3.12-rc5": {3, 12}, "3.12.25-gentoo": {3, 12}, "7.0": {7, 0}, "5.15-1": {5, 15},
	} {
		k, err := parseRelease(release)
		require.NoError(t, err)
		assert.Equal(t, want, k)
	}
	for _, release := range []string{"", "6", "6.", "x.1", ".", "-1.2"} {
		_, err := parseRelease(release)
		require.Error(t, err, release)
	}
	k, err := RunningKernel()
	require.NoError(t, err)
	assert.True(t, k.atLeast(Kernel{3, 0}))
}

func FuzzParse(f *testing.F) {
	text, err := json.Marshal(moby.DefaultProfile())
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":3,"op":"SCMP_CMP_GT"}],"includes":{"caps":["CAP_BPF"],"minKernel":"5.1"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text, host(capability.BPF))
		if err != nil {
			return
		}
		for _, arch := range []Arch{AMD64, ARM64} {
			filter, err := Compile(p, arch)
			if err != nil {
				continue
			}
			require.LessOrEqual(t, filter.Len(), MaxInstructions)
			_, _, err = execute(filter, call{nr: 0, arch: arch.facts().audit})
			require.NoError(t, err)
			_ = filter.String()
		}
	})
}

// FuzzCompile makes a profile and a call of the fuzzer's numbers and compares
// the filter with the reference.
func FuzzCompile(f *testing.F) {
	f.Add(uint64(1), uint64(2), byte(5), byte(0), uint32(41), uint64(40), uint64(1<<32))
	f.Fuzz(func(t *testing.T, seed1, seed2 uint64, size, which byte, nr uint32, first, second uint64) {
		r := seededWith(seed1, seed2)
		p := randomProfile(r, int(size))
		native := []Arch{AMD64, ARM64, I386, ARM}[which%4]
		filter, err := Compile(p, native)
		if err != nil {
			require.ErrorIs(t, err, errTooLong)
			return
		}
		values := pool(r, p)
		for _, arch := range []Arch{AMD64, ARM64, I386, ARM} {
			known := arch.known()
			for _, n := range []uint32{nr, known[int(nr)%len(known)], nr | x32Bit} {
				c := call{nr: n, arch: arch.facts().audit, args: [6]uint64{first, second, values[r.IntN(len(values))], values[r.IntN(len(values))], first, second}}
				got, _, err := execute(filter, c)
				require.NoError(t, err)
				require.Equal(t, reference(p, native, c), got, "%s %d %x", arch, n, c.args)
			}
		}
	})
}
