package sh

import (
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// children is the one place where this process waits. Everything is under mu, forking too, so that
// a child cannot end before it is known; a pid that is not known is an orphan given to PID 1.
type children struct {
	mu      sync.Mutex
	cond    *sync.Cond
	procs   map[int]*process
	signals chan os.Signal
	pending []string // names of signals with a trap, oldest first
	started bool
	hangUp  atomic.Bool // SIGHUP ends this process, which the kernel does for all but PID 1
}

type process struct {
	pid     int
	status  unix.WaitStatus
	ended   bool
	stopped bool
}

var kids children

// start begins to listen for SIGCHLD and for the signals that traps want.
func (k *children) start() {
	if k.started {
		return
	}
	k.started = true
	k.cond = sync.NewCond(&k.mu)
	k.procs = make(map[int]*process)
	k.signals = make(chan os.Signal, 64)
	signal.Notify(k.signals, syscall.SIGCHLD)
	go func() {
		for sig := range k.signals {
			if sig == syscall.SIGHUP && k.hangUp.Load() {
				os.Exit(128 + int(syscall.SIGHUP))
			}
			k.mu.Lock()
			if sig == syscall.SIGCHLD {
				k.reap()
			} else {
				k.pending = append(k.pending, SignalName(sig.(syscall.Signal)))
			}
			k.cond.Broadcast()
			k.mu.Unlock()
		}
	}()
}

// reap collects every child that ended or stopped. The caller holds mu.
func (k *children) reap() {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG|unix.WUNTRACED|unix.WCONTINUED, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		p := k.procs[pid]
		if p == nil {
			continue
		}
		p.status = ws
		switch {
		case ws.Stopped():
			p.stopped = true
		case ws.Continued():
			p.stopped = false
		default:
			p.ended, p.stopped = true, false
			delete(k.procs, pid)
		}
	}
}

// fork starts a program. Its descriptors 0 to 9 are those of fds.
func (k *children) fork(path string, argv, env []string, fds []int, attr *syscall.SysProcAttr) (*process, error) {
	k.start()
	files := make([]uintptr, 0, len(fds))
	last := -1
	for i, fd := range fds {
		files = append(files, uintptr(fd))
		if fd >= 0 {
			last = i
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: env, Files: files[:last+1], Sys: attr})
	if err != nil {
		return nil, err
	}
	p := &process{pid: pid}
	k.procs[pid] = p
	return p, nil
}

// exitCode gives a status as $? shows it.
func (p *process) exitCode() int {
	switch {
	case p.stopped:
		return 128 + int(p.status.StopSignal())
	case p.status.Signaled():
		return 128 + int(p.status.Signal())
	}
	return p.status.ExitStatus()
}

// wait sleeps until done says so. With interruptible it also ends when a trapped signal has come.
func (k *children) wait(interruptible bool, done func() bool) {
	k.start()
	k.mu.Lock()
	defer k.mu.Unlock()
	for !done() {
		if interruptible && len(k.pending) > 0 {
			return
		}
		k.cond.Wait()
	}
}

// take removes the oldest pending signal.
func (k *children) take() string {
	if !k.started {
		return ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.pending) == 0 {
		return ""
	}
	sig := k.pending[0]
	k.pending = k.pending[1:]
	return sig
}
