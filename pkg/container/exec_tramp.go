package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// A process that is about to execute a program in a container is a copy of lab until then, so /proc/self/exe means the host's lab. A hostile
// container may have made its shell a link to that, or a script with it in its first line: what then runs is lab's own file, and another
// process of the container that sees it for a moment can open it, wait, and write to it (CVE-2019-5736). To look at what was executed
// and kill it comes too late: where others run already, a process that does nothing else than look for it wins within seconds.
//
// So the process first becomes something else: a program of some forty instructions in a file of memory (memfd_create(2)), which does the last
// execve. There /proc/self/exe is that file, and nothing else of the host is open.

// trampoline is that program, in exec_tramp_*.s. It is never called here: its instructions, which depend on no address, are copied.
func trampoline()

var _ = trampoline // the assembler's file takes its address

// trampolineAt is where they are.
var trampolineAt uintptr

const (
	trampolineSize = 512 // more than it has; what comes behind is never reached
	elfBase        = 0x400000
)

// trampolineFile makes the file, and opens it for reading: a file that somebody can write to is not executed (ETXTBSY).
func trampolineFile() (int, error) {
	const exec = 0x10 // MFD_EXEC, which kernels before 6.3 do not know
	fd, err := unix.MemfdCreate("exec", unix.MFD_CLOEXEC|exec)
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate("exec", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return -1, fmt.Errorf("make a file of memory: %w", err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, trampolineELF()); err != nil {
		return -1, fmt.Errorf("write a file of memory: %w", err)
	}
	read, err := unix.Open("/proc/self/fd/"+itoa(fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open a file of memory: %w", err)
	}
	return read, nil
}

// trampolineELF is the smallest program file (elf(5)): a header, one segment with all of the file, and the instructions.
func trampolineELF() []byte {
	const headers = 64 + 56
	machine := uint16(62) // EM_X86_64
	if runtime.GOARCH == "arm64" {
		machine = 183 // EM_AARCH64
	}
	le := binary.LittleEndian
	b := append(make([]byte, 0, headers+trampolineSize), 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint16(b, 2) // ET_EXEC
	b = le.AppendUint16(b, machine)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, elfBase+headers) // entry
	b = le.AppendUint64(b, 64)              // program headers
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 0)
	for _, n := range [...]uint16{64, 56, 1, 0, 0, 0} {
		b = le.AppendUint16(b, n)
	}
	b = le.AppendUint32(b, 1) // PT_LOAD
	b = le.AppendUint32(b, 5) // readable, executable
	for _, n := range [...]uint64{0, elfBase, elfBase, headers + trampolineSize, headers + trampolineSize, 0x1000} {
		b = le.AppendUint64(b, n)
	}
	return append(b, unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&trampolineAt))), trampolineSize)...)
}

// jump is one use of the trampoline: the file, and the pipe through which it tells of an error.
type jump struct {
	file   int
	report [2]int
	number int // of the pipe in the new process; here it is taken, so that nothing else has it there
}

func newJump() (j *jump, err error) {
	j = &jump{file: -1, report: [2]int{-1, -1}, number: -1}
	defer func() {
		if err != nil {
			j.close()
		}
	}()
	if j.file, err = trampolineFile(); err != nil {
		return nil, err
	}
	if err := unix.Pipe2(j.report[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make the pipe for the last execve: %w", err)
	}
	if j.number, err = unix.FcntlInt(uintptr(j.report[1]), unix.F_DUPFD_CLOEXEC, 3); err != nil {
		return nil, fmt.Errorf("make the pipe for the last execve: %w", err)
	}
	if j.number > 255 {
		return nil, fmt.Errorf("make the pipe for the last execve: %w", unix.EMFILE)
	}
	return j, nil
}

func (j *jump) close() {
	for _, fd := range [...]*int{&j.file, &j.report[0], &j.report[1], &j.number} {
		if *fd >= 0 {
			_ = unix.Close(*fd)
			*fd = -1
		}
	}
}

// ops end a list in place of its execves, which they take the paths of.
func (j *jump) ops(execves []kernel.Op, argv, env []string) []kernel.Op {
	paths := []string{string([]byte{byte(j.number)})}
	for _, op := range execves {
		paths = append(paths, op.Args[0].Text())
	}
	all := append(append(paths, ""), argv...)
	return []kernel.Op{
		kernel.Dup3(kernel.FD(j.report[1]), j.number).For("hear what becomes of the last execve"),
		kernel.Execveat(kernel.FD(j.file), all, env).
			For("stop being a copy of lab, which /proc/self/exe would lead to: a few instructions execute " + argv[0]),
	}
}

// wait returns when the program has been executed, or with the error of the attempt; then the process has ended and been waited for.
func (j *jump) wait(child *kernel.Child, execves []kernel.Op) error {
	_, _ = unix.Close(j.report[1]), unix.Close(j.number)
	j.report[1], j.number = -1, -1
	var b [4]byte
	n, err := unix.Read(j.report[0], b[:])
	for err == unix.EINTR {
		n, err = unix.Read(j.report[0], b[:])
	}
	if n != len(b) {
		return nil // closed by the execve, or by the process's end
	}
	_, _, _ = child.Wait()
	_ = child.Close()
	return &kernel.Error{Op: execves[len(execves)-1], Errno: syscall.Errno(binary.LittleEndian.Uint32(b[:]))}
}

// splitExecves takes the execves off the end of a list.
func splitExecves(ops []kernel.Op) (before, execves []kernel.Op, err error) {
	i := len(ops)
	for i > 0 && strings.HasPrefix(ops[i-1].Call, "execve") {
		i--
	}
	if i == len(ops) {
		return nil, nil, errors.New("no program is named")
	}
	return ops[:i], ops[i:], nil
}
