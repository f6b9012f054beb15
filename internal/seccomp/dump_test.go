package seccomp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/capability"
)

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
