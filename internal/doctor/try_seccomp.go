package doctor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// trySeccomp installs a filter that answers one call with an error that no kernel gives for it, and makes the call.
func trySeccomp(b *Bench) Finding {
	err := b.once(attempt{ops: func(bool) []kernel.Op {
		return []kernel.Op{
			kernel.Prctl(unix.PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS", 1, 0, 0, 0).For("give up new privileges"),
			kernel.Seccomp(refusal(unix.SYS_SETHOSTNAME, unix.EXDEV), 0).For("install a filter"),
			kernel.Sethostname("").For("make the call that is filtered"),
		}
	}}, false)
	var op *kernel.Error
	switch {
	case errors.As(err, &op) && op.Op.Call == "sethostname" && op.Errno == unix.EXDEV:
		return yes("")
	case err == nil || errors.As(err, &op) && op.Op.Call == "sethostname":
		return no(fmt.Sprintf("a filter was installed and did not filter: %v", err))
	}
	return b.judge(false, err, "")
}

// refusal is a filter, struct sock_filter by struct sock_filter, that answers the call number nr with errno and lets all
// others pass; see seccomp(2).
func refusal(nr uint32, errno syscall.Errno) []byte {
	var program []byte
	for _, i := range [...]struct {
		code   uint16
		jt, jf uint8
		k      uint32
	}{
		{unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, 0, 0, 0}, // the number is the first word of struct seccomp_data
		{unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, 0, 1, nr},
		{unix.BPF_RET | unix.BPF_K, 0, 0, unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{unix.BPF_RET | unix.BPF_K, 0, 0, unix.SECCOMP_RET_ALLOW},
	} {
		program = binary.NativeEndian.AppendUint16(program, i.code)
		program = append(program, i.jt, i.jf)
		program = binary.NativeEndian.AppendUint32(program, i.k)
	}
	return program
}
