package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Init is the small first process of "lab run --init": /dev/init -- CMD ARGS…
//
// It starts CMD in a process group of its own, which becomes the foreground of the terminal if there
// is one, hands on every signal it gets, buries the orphans that the kernel gives to PID 1, and ends
// with the status of CMD, 128 and the number where a signal ended it. CMD that is not found is 127,
// one that cannot be executed 126. When Init ends as PID 1 the kernel kills all that is left, see
// pid_namespaces(7).
func Init(argv []string) int {
	args := argv[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "lab-init: usage: lab-init -- command [argument...]")
		return 2
	}
	path, err := exec.LookPath(args[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return initFailed(args[0], err)
	}
	if os.Getpid() != 1 {
		// Not PID 1: still be the one to whom orphans come.
		unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	}
	signals := make(chan os.Signal, 128)
	signal.Notify(signals)
	signal.Reset(syscall.SIGURG, syscall.SIGPIPE) // the runtime sends itself the first
	child, err := syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: true}})
	if err != nil {
		return initFailed(args[0], err)
	}
	foreground(child)
	for sig := range signals {
		switch s := sig.(syscall.Signal); s {
		case syscall.SIGCHLD:
			if code, over := bury(child); over {
				return code
			}
		case syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU:
			// Job control of the child's group is not for the first process.
		default:
			unix.Kill(-child, s)
		}
	}
	return 0
}

func initFailed(name string, err error) int {
	var pathErr *exec.Error
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	fmt.Fprintf(os.Stderr, "lab-init: exec: %q: %s\n", name, err)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return 127
	}
	return 126
}

// foreground gives the terminal to the child's group, tcsetpgrp(3). A child that was faster and has
// been stopped for using the terminal from the background is woken.
func foreground(child int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var set, old unix.Sigset_t
	set.Val[0] = 1 << (uint(unix.SIGTTOU) - 1)
	unix.PthreadSigmask(unix.SIG_BLOCK, &set, &old)
	err := unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, child)
	unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
	if err == nil {
		unix.Kill(-child, unix.SIGCONT)
	}
}

// bury collects every child that has ended; over says that the one that counts was among them.
func bury(child int) (code int, over bool) {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return code, over
		}
		if pid == child {
			over = true
			if code = ws.ExitStatus(); ws.Signaled() {
				code = 128 + int(ws.Signal())
			}
		}
	}
}
