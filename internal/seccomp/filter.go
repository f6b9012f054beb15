package seccomp

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MaxInstructions is the longest filter that the kernel accepts
// (BPF_MAXINSNS of linux/bpf_common.h).
const MaxInstructions = 4096

// instructionSize is sizeof(struct sock_filter).
const instructionSize = 8

// Filter is a compiled program, ready for seccomp(2).
//
// It is a plain value that needs no set-up: a child between clone and execve,
// which may not allocate, can install it.
type Filter struct {
	// Code is the program: 8 bytes an instruction, laid out as the kernel's
	// struct sock_filter (linux/filter.h), little endian. It is a string and
	// not a slice so that a filter compiled ahead lives in the read-only part
	// of the binary.
	Code string

	// Flags is the second argument of seccomp(2), SECCOMP_FILTER_FLAG_*.
	Flags uintptr
}

// Len returns the number of instructions.
func (f Filter) Len() int {
	return len(f.Code) / instructionSize
}

// Prog returns the struct sock_fprog that seccomp(2) and prctl(2) take. It
// points into Code; nothing is copied. The filter must not be empty.
func (f Filter) Prog() unix.SockFprog {
	return unix.SockFprog{
		Len:    uint16(f.Len()),
		Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.StringData(f.Code))),
	}
}

// Install puts f in front of every later system call of the calling thread,
// and of all that it forks or executes. It cannot be taken back.
//
// Kernel: seccomp(2) SECCOMP_SET_MODE_FILTER with f.Flags.
// Needs no_new_privs (PR_SET_NO_NEW_PRIVS in prctl(2)) or CAP_SYS_ADMIN, else
// EACCES. Lock the goroutine to its thread first and never unlock it, or set
// SECCOMP_FILTER_FLAG_TSYNC to reach all threads of the process.
func (f Filter) Install() error {
	if f.Len() == 0 || f.Len() > MaxInstructions {
		return fmt.Errorf("install seccomp filter of %d instructions: %w", f.Len(), unix.EINVAL)
	}
	prog := f.Prog()
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, f.Flags, uintptr(unsafe.Pointer(&prog)))
	switch {
	case errno == unix.EACCES:
		return fmt.Errorf("install seccomp filter without no_new_privs or CAP_SYS_ADMIN: %w", errno)
	case errno != 0:
		return fmt.Errorf("install seccomp filter: %w", errno)
	case r != 0: // TSYNC answers with the thread that has another filter
		return fmt.Errorf("install seccomp filter on thread %d: %w", r, errOtherFilter)
	}
	return nil
}

var errOtherFilter = errors.New("the thread has a filter of its own")
