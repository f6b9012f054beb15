package box

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// nsenter runs a program in namespaces of another process, setns(2).
func nsenter(c *call) {
	f := c.parse("+t:aUiunCpmTrwF", "target=t", "all=a", "user=U", "ipc=i", "uts=u", "net=n", "cgroup=C", "pid=p", "mount=m", "time=T")
	if !f.has('t') {
		c.misuse("no target PID specified")
	}
	dir := "/proc/" + strconv.Itoa(c.number(f.value('t', ""))) + "/ns/"
	type ns struct {
		fd, flag int
		file     string
	}
	var list []ns
	for _, n := range namespaceFlags {
		if !f.has(n.letter) && !f.has('a') {
			continue
		}
		var theirs, ours unix.Stat_t
		fd, err := unix.Open(dir+n.file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Fstat(fd, &theirs)
		}
		if err != nil {
			c.fail("cannot open %s%s: %s", dir, n.file, text(err))
		}
		if unix.Stat("/proc/self/ns/"+n.file, &ours) == nil && ours.Ino == theirs.Ino {
			continue
		}
		if n.flag == unix.CLONE_NEWUSER {
			c.fail("a user namespace can only be entered by a process with one thread, and this program has more (setns(2))")
		}
		list = append(list, ns{fd, n.flag, n.file})
	}
	runtime.LockOSThread()
	for _, n := range list {
		if n.flag == unix.CLONE_NEWNS {
			// A mount namespace can only be changed by a thread that shares its directories with nobody.
			if err := unix.Unshare(unix.CLONE_FS); err != nil {
				c.fail("unshare(CLONE_FS): %s", text(err))
			}
		}
		if err := unix.Setns(n.fd, n.flag); err != nil {
			c.fail("reassociate to namespace 'ns/%s' failed: %s", n.file, text(err))
		}
	}
	argv := c.program()
	if !f.has('p') && !f.has('a') {
		c.become(argv, os.Environ())
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		c.complain("failed to execute %s: No such file or directory", argv[0])
		c.exit(127)
	}
	c.wait(&exec.Cmd{Path: path, Args: argv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}
