package seccomp

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/testenv"
)

// childVariable makes the test binary a program that lives under a filter,
// since a filter cannot be taken off again. Its value is a directory.
const childVariable = "LAB_SECCOMP_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := underFilter(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testenv.Main(m)
}

// answers are the errors of the kernel by what was tried; 0 is success.
type answers map[string]unix.Errno

// underFilter puts the whole process under the default filter, tries what
// containers try, and prints the answers.
func underFilter(dir string) error {
	f, err := DefaultFilter(capability.Default)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	f.Flags |= unix.SECCOMP_FILTER_FLAG_TSYNC
	if err := f.Install(); err != nil {
		return err
	}
	a := answers{}
	try := func(what string, nr uintptr, args ...uintptr) {
		var all [6]uintptr
		copy(all[:], args)
		_, _, a[what] = unix.Syscall6(nr, all[0], all[1], all[2], all[3], all[4], all[5])
	}
	try("unshare user", unix.SYS_UNSHARE, unix.CLONE_NEWUSER)
	try("keyctl", unix.SYS_KEYCTL)
	try("mount", unix.SYS_MOUNT)
	try("umount", unix.SYS_UMOUNT2)
	try("setns", unix.SYS_SETNS, ^uintptr(0))
	try("bpf", unix.SYS_BPF, 999)
	try("clone3", unix.SYS_CLONE3)
	try("clone user", unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD))
	try("personality read", unix.SYS_PERSONALITY, 0xffffffff)
	try("personality no random", unix.SYS_PERSONALITY, 0x40000) // ADDR_NO_RANDOMIZE
	try("socket vsock", unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM)
	try("socket alg", unix.SYS_SOCKET, unix.AF_ALG, unix.SOCK_SEQPACKET)
	try("socket with high bits", unix.SYS_SOCKET, 1<<32|unix.AF_UNSPEC, unix.SOCK_STREAM)
	try("ptrace", unix.SYS_PTRACE, unix.PTRACE_PEEKDATA, 1<<30)
	try("call 999", 999)
	try("x32 getpid", x32Bit|39)
	try("getpid", unix.SYS_GETPID)
	a["ordinary program"] = ordinary(dir)
	for name := range oldCalls {
		a[name] = exitStatus(filepath.Join(dir, name))
	}
	return json.NewEncoder(os.Stdout).Encode(a)
}

// ordinary does what programs do: threads, files, sockets, pipes, other programs.
func ordinary(dir string) unix.Errno {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			runtime.GC()
		})
	}
	wg.Wait()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600); err != nil {
		return unix.EIO
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return unix.ENOTSOCK
	}
	unix.Close(s)
	if out, err := exec.Command("/bin/sh", "-c", "echo a | cat").Output(); err != nil || string(out) != "a\n" {
		return unix.ENOEXEC
	}
	return 0
}

// oldCalls are made by 32-bit programs of one call each: number and first argument.
var oldCalls = map[string][2]uint32{
	"i386 close":              {6, 0xffffffff},
	"i386 personality":        {136, 0xffffffff},
	"i386 unshare user":       {310, unix.CLONE_NEWUSER},
	"i386 socket vsock":       {359, unix.AF_VSOCK},
	"i386 socketcall no args": {102, 1},
	"i386 call 999":           {999, 0},
}

func exitStatus(path string) unix.Errno {
	cmd := exec.Command(path)
	_ = cmd.Run()
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		return 255
	}
	return unix.Errno(cmd.ProcessState.ExitCode())
}

// oldProgram is a whole 32-bit x86 program: one system call through int 0x80,
// then exit with the negated answer, which is the error number.
func oldProgram(nr, argument uint32) []byte {
	const base, headers = 0x08048000, 52 + 32
	var code bytes.Buffer
	put := func(b ...byte) { code.Write(b) }
	word := func(op byte, v uint32) { put(binary.LittleEndian.AppendUint32([]byte{op}, v)...) }
	word(0xb8, nr)       // mov eax, nr
	word(0xbb, argument) // mov ebx, argument
	word(0xb9, 0)        // mov ecx, 0
	word(0xba, 0)        // mov edx, 0
	put(0xcd, 0x80)      // int 0x80
	put(0xf7, 0xd8)      // neg eax
	put(0x89, 0xc3)      // mov ebx, eax
	word(0xb8, 1)        // mov eax, 1 (exit)
	put(0xcd, 0x80)      // int 0x80

	size := uint32(headers + code.Len())
	elf := append([]byte("\x7fELF\x01\x01\x01"), make([]byte, 9)...)
	for _, v := range []any{
		// ELF header: executable, 386, version, entry, program headers at 52, none of sections
		uint16(2), uint16(3), uint32(1), uint32(base + headers), uint32(52), uint32(0), uint32(0),
		uint16(52), uint16(32), uint16(1), uint16(40), uint16(0), uint16(0),
		// program header: load the whole file, readable and executable
		uint32(1), uint32(0), uint32(base), uint32(base), size, size, uint32(5), uint32(0x1000),
	} {
		elf, _ = binary.Append(elf, binary.LittleEndian, v)
	}
	return append(elf, code.Bytes()...)
}

// The kernel, under the compiled default profile, answers as a container's kernel does.
func TestKernelUnderDefaultFilter(t *testing.T) {
	dir := t.TempDir()
	for name, c := range oldCalls {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), oldProgram(c[0], c[1]), 0o700))
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var a answers
	require.NoError(t, json.Unmarshal(out, &a))

	want := answers{
		"unshare user":          unix.EPERM,
		"keyctl":                unix.EPERM,
		"mount":                 unix.EPERM,
		"umount":                unix.EPERM,
		"setns":                 unix.EPERM,
		"bpf":                   unix.EPERM,
		"clone3":                unix.ENOSYS,
		"clone user":            unix.EPERM,
		"personality read":      0,
		"personality no random": unix.EPERM,
		"socket vsock":          unix.EPERM,
		"socket alg":            unix.EPERM,
		"socket with high bits": unix.EAFNOSUPPORT, // the kernel's own answer: the filter let it through
		"ptrace":                unix.ESRCH,        // as well
		"call 999":              unix.ENOSYS,
		"x32 getpid":            unix.ENOSYS,
		"getpid":                0,
		"ordinary program":      0,
	}
	for what, errno := range want {
		if runtime.GOARCH != "amd64" && what == "x32 getpid" {
			continue
		}
		assert.Equal(t, errno, a[what], what)
	}
	t.Run("32-bit programs", func(t *testing.T) {
		if runtime.GOARCH != "amd64" || exitStatus(filepath.Join(dir, "i386 personality")) != 0 {
			t.Skip("this kernel runs no 32-bit x86 programs")
		}
		assert.Equal(t, unix.EPERM, a["i386 unshare user"])
		assert.Equal(t, unix.EPERM, a["i386 socket vsock"])
		assert.Equal(t, unix.EFAULT, a["i386 socketcall no args"])
		assert.Equal(t, unix.ENOSYS, a["i386 call 999"])
		assert.EqualValues(t, 0, a["i386 personality"])
		assert.Equal(t, unix.EBADF, a["i386 close"]) // the kernel's own answer: the filter let it through
	})
}

// The kernel's verifier takes whatever the compiler makes: filters are offered
// on a thread that is thrown away, and let everything through.
func TestKernelTakesFilters(t *testing.T) {
	seccompAvailable(t)
	r := seeded()
	for range 30 {
		p := randomProfile(r, 40)
		p.DefaultAction = specs.ActAllow
		for i := range p.Syscalls {
			p.Syscalls[i].Action, p.Syscalls[i].ErrnoRet = specs.ActAllow, nil
			if len(p.Syscalls[i].Args) > 0 {
				// Something other than the default, which cannot hurt the thread's end.
				p.Syscalls[i].Action = specs.ActLog
				p.Syscalls[i].Names = []string{"keyctl", "acct", "swapon", "reboot"}
			}
		}
		p.Architectures = nil
		f, err := Compile(p, Native())
		require.NoError(t, err)
		require.NoError(t, onThrownAwayThread(f.Install))
	}
}

func TestInstallErrors(t *testing.T) {
	require.ErrorIs(t, Filter{}.Install(), unix.EINVAL)
	require.ErrorIs(t, onThrownAwayThread(Filter{Code: "\x20\x00\x00\x00\x00\x00\x00\x00"}.Install), unix.EINVAL, "no return at the end")
}

func seccompAvailable(t *testing.T) {
	f, err := Compile(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow}, Native())
	require.NoError(t, err)
	testenv.Feature(t, "seccomp filters", onThrownAwayThread(f.Install))
}

// onThrownAwayThread runs f with no_new_privs on a thread that ends with it.
func onThrownAwayThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread dies with the goroutine
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}
