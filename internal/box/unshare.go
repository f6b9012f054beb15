package box

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/container-labs/lab/internal/box/sh"
	"golang.org/x/sys/unix"
)

// namespaceFlags are the options that unshare and nsenter share, with the names in /proc/PID/ns.
var namespaceFlags = [...]struct {
	letter byte
	flag   int
	file   string
}{
	{'U', unix.CLONE_NEWUSER, "user"}, {'i', unix.CLONE_NEWIPC, "ipc"}, {'u', unix.CLONE_NEWUTS, "uts"}, {'n', unix.CLONE_NEWNET, "net"},
	{'C', unix.CLONE_NEWCGROUP, "cgroup"}, {'p', unix.CLONE_NEWPID, "pid"}, {'m', unix.CLONE_NEWNS, "mnt"}, {'T', unix.CLONE_NEWTIME, "time"},
}

const unshareStage = "--in-new-namespaces"

// unshare runs a program in new namespaces. With -f, -r or -U it is a child; else it replaces unshare.
func unshare(c *call) {
	if len(c.args) > 2 && c.args[0] == unshareStage {
		c.unshareStage(c.args[1], c.args[2:])
	}
	f := c.parse("+UiunCpmTfrP", "user=U", "ipc=i", "uts=u", "net=n", "cgroup=C", "pid=p", "mount=m", "time=T", "fork=f", "map-root-user=r", "mount-proc=P")
	flags := 0
	for _, n := range namespaceFlags {
		if f.has(n.letter) {
			flags |= n.flag
		}
	}
	if f.has('P') {
		flags |= unix.CLONE_NEWNS
	}
	if f.has('r') {
		flags |= unix.CLONE_NEWUSER
	}
	if !f.has('f') && flags&unix.CLONE_NEWUSER == 0 && !f.has('P') {
		runtime.LockOSThread()
		if err := unix.Unshare(flags); err != nil {
			c.fail("unshare failed: %s", text(err))
		}
		if flags&unix.CLONE_NEWNS != 0 {
			c.private()
		}
		c.become(c.program(), os.Environ())
	}
	self := sh.Self()
	if self == "" {
		c.fail("can't find my own program")
	}
	proc := "-"
	if f.has('P') {
		proc = "/proc"
	}
	if flags&unix.CLONE_NEWNS != 0 {
		proc += "+"
	}
	attr := &syscall.SysProcAttr{Cloneflags: uintptr(flags)}
	if f.has('r') {
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	argv := append([]string{"unshare", unshareStage, proc}, c.program()...)
	cmd := &exec.Cmd{Path: self, Args: argv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, SysProcAttr: attr}
	c.wait(cmd)
}

func (c *call) private() {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		c.fail("cannot change root filesystem propagation: %s", text(err))
	}
}

// unshareStage goes on inside the new namespaces: mounts, then the program.
func (c *call) unshareStage(what string, argv []string) {
	if strings.HasSuffix(what, "+") {
		c.private()
	}
	if strings.HasPrefix(what, "/proc") {
		if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			c.fail("mount /proc failed: %s", text(err))
		}
	}
	c.become(argv, os.Environ())
}

// wait runs a prepared child; Ctrl-C is the child's affair.
func (c *call) wait(cmd *exec.Cmd) {
	signal.Ignore(syscall.SIGQUIT)
	ints := make(chan os.Signal, 4)
	signal.Notify(ints, syscall.SIGINT)
	c.out.Flush()
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		c.exit(0)
	case errors.As(err, &exit):
		ws := exit.Sys().(syscall.WaitStatus)
		if ws.Signaled() {
			c.exit(128 + int(ws.Signal()))
		}
		c.exit(ws.ExitStatus())
	}
	c.fail("%s", text(err))
}
