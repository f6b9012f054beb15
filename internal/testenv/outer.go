package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// outer is the process that go test started. It starts the inner one, passes signals on, reaps
// orphans, and says which processes are left.
func outer() int {
	// The inner process dies with the thread that started it (Pdeathsig), so this one stays.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintf(os.Stderr, "testenv: become a subreaper: %v\n", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "lab-test-")
	if err != nil {
		fmt.Fprintf(os.Stderr, "testenv: %v\n", err)
		return 1
	}
	defer os.RemoveAll(dir)

	process, err := startInner(dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testenv: start the tests: %v\n", err)
		return 1
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	go func() {
		for s := range signals {
			_ = process.Signal(s) // go test sends SIGQUIT when time is up, to see the stacks
		}
	}()
	status := reapUntil(process.Pid)
	left := untilNone(leftChildren)
	killChildren()
	return max(status, blame(left))
}

// startInner starts this program again with the same arguments and streams. As root it gets a
// mount namespace, made private by the Go runtime, and a network namespace.
func startInner(dir string) (*os.Process, error) {
	self := fmt.Sprint(os.Getpid())
	// A parent for the control groups of the containers that the real program makes; see Lab.
	env := append(os.Environ(), runVariable+"="+self, dirVariable+"="+dir, "LAB_CGROUP_PARENT=lab-test-"+self)
	attr := func(isolated string, flags uintptr) *os.ProcAttr {
		return &os.ProcAttr{
			Env:   append(env[:len(env):len(env)], isolatedVariable+"="+isolated),
			Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
			Sys:   &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL, Unshareflags: flags},
		}
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		process, err := os.StartProcess(program, os.Args, attr("1", unix.CLONE_NEWNS|unix.CLONE_NEWNET))
		if err == nil || !errors.Is(err, unix.EPERM) || Required() {
			return process, err
		}
		fmt.Fprintln(os.Stderr, "testenv: root here may not unshare; mounts and links are not checked")
	}
	return os.StartProcess(program, os.Args, attr("0", 0))
}

// reapUntil waits for the process pid and for every orphan that ends before it, and returns the
// status of the former as a shell would: 128+n for signal n.
func reapUntil(pid int) int {
	for {
		var ws unix.WaitStatus
		switch got, err := unix.Wait4(-1, &ws, 0, nil); {
		case err == unix.EINTR || got != pid && err == nil:
		case err != nil:
			fmt.Fprintf(os.Stderr, "testenv: wait for the tests: %v\n", err)
			return 1
		case ws.Signaled():
			fmt.Fprintf(os.Stderr, "testenv: the tests were ended by %v\n", ws.Signal())
			return 128 + int(ws.Signal())
		default:
			return ws.ExitStatus()
		}
	}
}

// leftChildren reaps those that have ended and describes the others.
func leftChildren() []string {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 && err != unix.EINTR {
			break
		}
	}
	var left []string
	for _, pid := range children() {
		left = append(left, describe(pid))
	}
	return left
}

// killChildren ends what the tests started and did not end, and what becomes ours by that. They
// are this process's own children, so no number can have been given to somebody else.
func killChildren() {
	untilNone(func() []string {
		for _, pid := range children() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		return leftChildren()
	})
}

// describe says what a process is, and which namespaces it holds that are not ours.
func describe(pid int) string {
	command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	line := fmt.Sprintf("process %d %s", pid, strings.TrimSpace(strings.ReplaceAll(string(command), "\x00", " ")))
	for _, kind := range []string{"mnt", "net", "pid", "user", "uts", "ipc", "cgroup", "time"} {
		ours, _ := os.Readlink("/proc/thread-self/ns/" + kind)
		theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err == nil && theirs != ours {
			line += " " + theirs
		}
	}
	return line
}
