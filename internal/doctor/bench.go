package doctor

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Bench is where checks try things.
type Bench struct {
	Machine Machine
	Options

	ctx   context.Context
	root  bool                                      // effective user id 0
	clone func(kernel.Start) (*kernel.Child, error) // kernel.Fork
}

// attempt is a list of calls for a child that is thrown away when it has made the last one.
type attempt struct {
	flags  uint64                     // CLONE_NEW* that the child is born with
	cgroup int                        // descriptor of the v2 group that it is born in; 0: lab's own
	ops    func(own bool) []kernel.Op // own: in a user namespace of the user's own
}

// errReached ends a child that has done all: its last stop tells lab so, and lab answers by killing it.
var errReached = errors.New("reached the end of the list")

// try makes the calls as the user who runs lab, and where that is refused to an ordinary user, in a user namespace of their
// own. own says that the answer is from there. The error is a *kernel.Error of the first call that failed.
func (b *Bench) try(a attempt) (own bool, err error) {
	err = b.once(a, false)
	if !refused(err) || b.root {
		return false, err
	}
	a.flags |= unix.CLONE_NEWUSER
	if b.once(a, true) == nil {
		return true, nil
	}
	return false, err
}

// once forks a child for the calls and ends it.
func (b *Bench) once(a attempt, own bool) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	var w watchdog
	defer w.end()
	ops := []kernel.Op{
		kernel.Meet("let lab write its id maps", func(c *kernel.Child) error {
			if err := w.begin(b.ctx, c); err != nil {
				return err
			}
			if a.flags&unix.CLONE_NEWUSER != 0 {
				return mapUser(c, os.Geteuid(), os.Getegid())
			}
			return nil
		}),
		dieWithLab(),
	}
	if a.ops != nil {
		ops = append(ops, a.ops(own)...)
	}
	ops = append(ops, kernel.Meet("be ended: all is tried", func(*kernel.Child) error { return errReached }))
	_, err := b.clone(kernel.Start{Flags: a.flags, Cgroup: a.cgroup, Ops: ops})
	switch {
	case errors.Is(err, errReached):
		return nil
	case b.ctx.Err() != nil:
		return errSlow
	case withoutClone3(err) && a.ops != nil: // the check of clone3 itself has no calls for the child
		return errNoClone3
	}
	return err
}

func dieWithLab() kernel.Op {
	return kernel.Prctl(unix.PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG", uintptr(unix.SIGKILL)).For("die with lab")
}

// mapUser makes a user root in the child's user namespace. Of oneself it needs no privilege.
func mapUser(c *kernel.Child, uid, gid int) error {
	pid, err := c.ProcPID()
	if err != nil {
		return err
	}
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	for _, f := range [...][2]string{
		{"setgroups", "deny"},
		{"uid_map", "0 " + strconv.Itoa(uid) + " 1"},
		{"gid_map", "0 " + strconv.Itoa(gid) + " 1"},
	} {
		if err := kernel.DoAll(kernel.WriteFile(1, dir+f[0], f[1])); err != nil {
			return err
		}
	}
	return nil
}

// watchdog kills the child when the time of the check is over.
type watchdog struct {
	mu    sync.Mutex
	pidfd int // a copy, so that it stays valid until end; 0 before begin
	stop  func() bool
}

func (w *watchdog) begin(ctx context.Context, c *kernel.Child) error {
	fd, err := unix.FcntlInt(uintptr(c.PIDFD), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return err
	}
	w.pidfd = fd
	w.stop = context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.pidfd > 0 {
			_ = unix.PidfdSendSignal(w.pidfd, unix.SIGKILL, nil, 0)
		}
	})
	return nil
}

func (w *watchdog) end() {
	if w.stop == nil {
		return
	}
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = unix.Close(w.pidfd)
	w.pidfd = 0
}

// errNoClone3 is what all checks say that could not make their child; one of them says why.
var errNoClone3 = errors.New("cannot be tried without clone3, see there")

// withoutClone3 tells that the kernel, or a filter in its name, does not know clone3(2).
func withoutClone3(err error) bool {
	var op *kernel.Error
	return errors.As(err, &op) && op.Op.Call == "clone3" && op.Errno == unix.ENOSYS
}

// refused tells "you may not" from "this kernel cannot".
func refused(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) }

// judge is the usual verdict on what try returned. text is for the tick.
func (b *Bench) judge(own bool, err error, text string) Finding {
	switch {
	case err == nil && own && text == "":
		return yes("in your own user namespace")
	case err == nil && own:
		return yes(text + ", in your own user namespace")
	case err == nil:
		return yes(text)
	case errors.Is(err, errSlow): // loading a module takes its time on a slow machine, so this is no cross
		return unknown(errSlow.Error())
	case refused(err) && !b.root:
		return unknown(needsRoot)
	}
	return failed(err)
}

// tried is try and judge.
func (b *Bench) tried(text string, flags uint64, ops func(own bool) []kernel.Op) Finding {
	own, err := b.try(attempt{flags: flags, ops: ops})
	return b.judge(own, err, text)
}
