package kernel

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ProcPID is the child's number in /proc, for who writes to its files there. Mostly that is PID; where /proc shows another PID namespace
// it is not, and there PID may be somebody else. The error is [ErrNoProc] where /proc is not mounted, or does not show the child at all.
//
// Kernel: readlink(2) of /proc/self, and Pid in /proc/self/fdinfo/PIDFD; see proc_pid_fdinfo(5) and pid_namespaces(7).
func (c *Child) ProcPID() (int, error) {
	if self, err := os.Readlink("/proc/self"); err == nil && self == strconv.Itoa(os.Getpid()) {
		return c.PID, nil
	}
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(c.PIDFD))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("find the process in /proc: %w", err)
	}
	for line := range strings.Lines(string(info)) {
		if number, ok := strings.CutPrefix(line, "Pid:"); ok {
			if pid, err := strconv.Atoi(strings.TrimSpace(number)); err == nil && pid > 0 {
				return pid, nil
			}
		}
	}
	return 0, ErrNoProc
}

// ErrNoProc says that a process is in no /proc that can be seen here.
var ErrNoProc = errors.New("the process is not in /proc, which is not mounted or shows another PID namespace: " +
	"`sudo unshare --pid --fork --mount-proc` starts a shell that has its own")
