package kernel

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Fault is the test door: something that goes wrong at the n-th op of this process, counted from 1
// as --explain counts.
type Fault struct {
	N     int
	Errno syscall.Errno // the op is not made and fails with this
	Kill  string        // instead: "lab" kills this process there with SIGKILL, "child" the forked child
}

var fault Fault

// Inject arms the fault. It must come before the first op.
func Inject(f Fault) { fault = f }

// ParseFault reads "fail:12:ENOSPC", "kill:12" (lab itself) or "killchild:12".
func ParseFault(s string) (Fault, error) {
	bad := fmt.Errorf("fault %q: want fail:N:ERRNO, kill:N or killchild:N", s)
	part := strings.Split(s, ":")
	if len(part) < 2 {
		return Fault{}, bad
	}
	n, err := strconv.Atoi(part[1])
	if err != nil || n < 1 {
		return Fault{}, bad
	}
	switch {
	case part[0] == "kill" && len(part) == 2:
		return Fault{N: n, Kill: "lab"}, nil
	case part[0] == "killchild" && len(part) == 2:
		return Fault{N: n, Kill: "child"}, nil
	case part[0] == "fail" && len(part) == 3:
		for e := syscall.Errno(1); e < 134; e++ {
			if unix.ErrnoName(e) == part[2] {
				return Fault{N: n, Errno: e}, nil
			}
		}
	}
	return Fault{}, bad
}

// faultAt returns the errno that op n is to fail with, or 0.
func faultAt(n int) syscall.Errno {
	if fault.N == n {
		return fault.Errno
	}
	return 0
}

// dieAt ends this process as `kill -9` would, if op n is where it is to happen.
func dieAt(n int) {
	if fault.N == n && fault.Kill == "lab" {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
}
