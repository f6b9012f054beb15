package seccomp

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// The verdicts that need no profile.
const (
	verdictUnknown     = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	verdictForeignArch = unix.SECCOMP_RET_KILL_PROCESS
)

// maxErrno is the kernel's MAX_ERRNO: it cuts larger ones down to this.
const maxErrno = 4095

// verdict is the 32-bit value that a filter returns for action: the upper half
// says what to do, the lower half is data for it (seccomp(2), "Filter return
// values"). A missing errno is EPERM, as in the OCI specification.
func verdict(action specs.LinuxSeccompAction, errno *uint) (uint32, error) {
	var do uint32
	switch action {
	case specs.ActKill, specs.ActKillThread:
		do = unix.SECCOMP_RET_KILL_THREAD
	case specs.ActKillProcess:
		do = unix.SECCOMP_RET_KILL_PROCESS
	case specs.ActTrap:
		do = unix.SECCOMP_RET_TRAP
	case specs.ActAllow:
		do = unix.SECCOMP_RET_ALLOW
	case specs.ActLog:
		do = unix.SECCOMP_RET_LOG
	case specs.ActErrno:
		return withData(unix.SECCOMP_RET_ERRNO, errno, maxErrno)
	case specs.ActTrace:
		return withData(unix.SECCOMP_RET_TRACE, errno, unix.SECCOMP_RET_DATA)
	case specs.ActNotify:
		return 0, fmt.Errorf("action %s needs a listener, which is not supported", action)
	default:
		return 0, fmt.Errorf("unknown action %q", action)
	}
	if errno != nil {
		return 0, fmt.Errorf("action %s takes no errno, but has %d", action, *errno)
	}
	return do, nil
}

func withData(do uint32, errno *uint, most uint) (uint32, error) {
	if errno == nil {
		return do | uint32(unix.EPERM), nil
	}
	if *errno > most {
		return 0, fmt.Errorf("errno %d is larger than %d", *errno, most)
	}
	return do | uint32(*errno), nil
}

// permissive tells whether v lets a system call through, or leaves it to a tracer.
func permissive(v uint32) bool {
	switch v & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_TRACE:
		return true
	}
	return false
}

// flags turns the profile's flags into the second argument of seccomp(2).
func flags(list []specs.LinuxSeccompFlag) (uintptr, error) {
	var f uintptr
	for _, flag := range list {
		switch flag {
		case specs.LinuxSeccompFlagLog:
			f |= unix.SECCOMP_FILTER_FLAG_LOG
		case specs.LinuxSeccompFlagSpecAllow:
			f |= unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW
		case "SECCOMP_FILTER_FLAG_TSYNC":
			f |= unix.SECCOMP_FILTER_FLAG_TSYNC
		case specs.LinuxSeccompFlagWaitKillableRecv:
			// The kernel takes it only together with a listener.
			return 0, fmt.Errorf("flag %s needs a listener, which is not supported", flag)
		default:
			return 0, fmt.Errorf("unknown flag %q", flag)
		}
	}
	return f, nil
}
