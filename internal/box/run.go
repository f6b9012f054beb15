package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/container-labs/lab/internal/box/sh"
	"golang.org/x/sys/unix"
)

// become replaces the process, execve(2); it returns only by ending the command with 127 or 126.
func (c *call) become(argv, env []string) {
	c.out.Flush()
	if os.Getenv("PATH") == "" {
		os.Setenv("PATH", sh.DefaultPath) // as execvp(3) does, for the search only
	}
	path, err := exec.LookPath(argv[0])
	if err == nil || errors.Is(err, exec.ErrDot) {
		err = syscall.Exec(path, argv, env)
	}
	code := 126
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code, err = 127, syscall.ENOENT
	}
	c.complain("can't execute '%s': %s", argv[0], text(err))
	c.exit(code)
}

// program gives the operands, or a shell if there are none.
func (c *call) program() []string {
	if len(c.args) > 0 {
		return c.args
	}
	if s := os.Getenv("SHELL"); s != "" {
		return []string{s}
	}
	return []string{"/bin/sh"}
}

func sleep(c *call) {
	c.operands(1, -1)
	var total time.Duration
	for _, a := range c.args {
		if a == "inf" || a == "infinity" {
			select {}
		}
		unit := time.Second
		n := a
		if a != "" {
			if i := strings.IndexByte("smhd", a[len(a)-1]); i >= 0 {
				unit, n = []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour}[i], a[:len(a)-1]
			}
		}
		v, err := strconv.ParseFloat(n, 64)
		if err != nil || v < 0 {
			c.fail("invalid number '%s'", a)
		}
		total += time.Duration(min(v*float64(unit), float64(1<<62)))
	}
	time.Sleep(total)
}

func env(c *call) {
	f := c.parse("+iu:0C:", "ignore-environment=i", "unset=u", "null=0", "chdir=C")
	vars := os.Environ()
	if f.has('i') {
		vars = nil
	}
	drop := func(name string) {
		vars = slices.DeleteFunc(vars, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	}
	for _, u := range f.values['u'] {
		drop(u)
	}
	for len(c.args) > 0 && (strings.Contains(c.args[0], "=") || c.args[0] == "-") {
		if name, _, ok := strings.Cut(c.args[0], "="); ok {
			drop(name)
			vars = append(vars, c.args[0])
			if name == "PATH" {
				os.Setenv("PATH", c.args[0][5:])
			}
		} else {
			vars = nil
		}
		c.args = c.args[1:]
	}
	if d := f.value('C', ""); d != "" {
		if err := os.Chdir(d); err != nil {
			c.fail("cannot change directory to '%s': %s", d, text(err))
		}
	}
	if len(c.args) > 0 {
		c.become(c.args, vars)
	}
	end := "\n"
	if f.has('0') {
		end = "\x00"
	}
	for _, kv := range vars {
		c.printf("%s%s", kv, end)
	}
}

func printenv(c *call) {
	if len(c.args) == 0 {
		for _, kv := range os.Environ() {
			c.printf("%s\n", kv)
		}
	}
	for _, a := range c.args {
		if v, ok := os.LookupEnv(a); ok {
			c.printf("%s\n", v)
		} else {
			c.code = 1
		}
	}
}

func kill(c *call) {
	sig, rest, list, err := sh.KillArgs(c.args)
	if err != nil {
		c.fail("%s", err)
	}
	c.out.WriteString(list)
	for _, a := range rest {
		if list != "" {
			break
		}
		pid, err := strconv.Atoi(a)
		if err != nil {
			c.complain("invalid number '%s'", a)
		} else if err := unix.Kill(pid, sig); err != nil {
			c.complain("can't kill pid %d: %s", pid, text(err))
		}
	}
}

func killall(c *call) {
	quiet := false
	if len(c.args) > 0 && c.args[0] == "-q" {
		quiet, c.args = true, c.args[1:]
	}
	sig, rest, list, err := sh.KillArgs(c.args)
	if err != nil {
		c.fail("%s", err)
	}
	if list != "" {
		c.out.WriteString(list)
		return
	}
	all, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	for _, name := range rest {
		hit := false
		for _, t := range all {
			if t.comm == name && t.pid != os.Getpid() {
				hit = true
				if err := unix.Kill(t.pid, sig); err != nil {
					c.complain("%s: %s", name, text(err))
				}
			}
		}
		if !hit && !quiet {
			c.complain("%s: no process killed", name)
		} else if !hit {
			c.code = 1
		}
	}
}

func nohup(c *call) {
	c.parse("+")
	c.operands(1, -1)
	signal.Ignore(syscall.SIGHUP)
	c.become(c.args, os.Environ())
}

func timeout(c *call) {
	f := c.parse("+s:k:", "signal=s", "kill-after=k")
	c.operands(2, -1)
	limit := c.duration(c.args[0])
	sig, ok := sh.ParseSignal(f.value('s', "TERM"))
	if !ok {
		c.fail("invalid signal '%s'", f.value('s', ""))
	}
	cmd := exec.Command(c.args[1], c.args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		c.complain("can't execute '%s': %s", c.args[1], text(err))
		c.exit(127)
	}
	late := false
	done := make(chan struct{})
	go func() {
		select {
		case <-done:
			return
		case <-time.After(limit):
		}
		late = true
		cmd.Process.Signal(sig)
		if k := f.value('k', ""); k != "" {
			select {
			case <-done:
			case <-time.After(c.duration(k)):
				cmd.Process.Kill()
			}
		}
	}()
	cmd.Wait()
	close(done)
	ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case late && ws.Signaled() && ws.Signal() == syscall.SIGKILL:
		c.code = 137
	case late:
		c.code = 124
	case ws.Signaled():
		c.code = 128 + int(ws.Signal())
	default:
		c.code = ws.ExitStatus()
	}
}

func (c *call) duration(s string) time.Duration {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v < 0 || v > 1e9 {
		c.fail("invalid time interval '%s'", s)
	}
	return time.Duration(v * float64(time.Second))
}

func chroot(c *call) {
	c.parse("+")
	c.operands(1, -1)
	root := c.args[0]
	c.args = c.args[1:]
	if err := unix.Chroot(root); err != nil {
		c.complain("cannot change root directory to '%s': %s", root, text(err))
		c.exit(125)
	}
	if err := unix.Chdir("/"); err != nil {
		c.fail("chdir /: %s", text(err))
	}
	c.become(c.program(), os.Environ())
}

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

// lsns lists namespaces and the first process in each.
func lsns(c *call) {
	f := c.parse("t:p:n", "type=t", "task=p")
	all, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	type space struct {
		ino   uint64
		kind  string
		count int
		first task
	}
	found := make(map[uint64]*space)
	for _, t := range all {
		for _, n := range namespaceFlags {
			var st unix.Stat_t
			if unix.Stat(fmt.Sprintf("/proc/%d/ns/%s", t.pid, n.file), &st) != nil || f.has('t') && f.value('t', "") != n.file {
				continue
			}
			s := found[st.Ino]
			if s == nil {
				s = &space{st.Ino, n.file, 0, t}
				found[st.Ino] = s
			}
			s.count++
		}
	}
	var list []*space
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *space) int {
		if a.ino < b.ino {
			return -1
		}
		return 1
	})
	us := users()
	c.printf("        NS TYPE   NPROCS   PID USER   COMMAND\n")
	for _, s := range list {
		c.printf("%10d %-6s %6d %5d %-6s %s\n", s.ino, s.kind, s.count, s.first.pid, us.name(s.first.uid), s.first.args)
	}
}
