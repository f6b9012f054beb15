package container

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// loopbackUp sets the lo interface up: a new network namespace has it, but down. What `ip link set lo up` does.
func (b *builder) loopbackUp() {
	if b.cloneFlags()&unix.CLONE_NEWNET == 0 {
		return
	}
	sock := b.slot()
	b.add(
		kernel.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0, "AF_INET").Into(sock).For("talk to the network stack"),
		kernel.IoctlPointer(sock.Ref(), unix.SIOCSIFFLAGS, "SIOCSIFFLAGS", loopbackRequest(), `{"lo", IFF_UP|IFF_RUNNING}`).
			For("set the loopback interface up").AsShell("ip link set lo up"),
		kernel.Close(sock.Ref()),
	)
}

func (b *builder) hostname() {
	if b.spec.Hostname != "" && b.cloneFlags()&unix.CLONE_NEWUTS != 0 {
		b.add(kernel.Sethostname(b.spec.Hostname).For("take a host name"))
	}
	if b.spec.Domainname != "" && b.cloneFlags()&unix.CLONE_NEWUTS != 0 {
		b.add(kernel.Setdomainname(b.spec.Domainname).For("take a domain name"))
	}
}

// sysctls are the kernel settings that have a namespace. They are written before /proc/sys becomes read-only.
func (b *builder) sysctls() {
	for _, key := range sortedKeys(b.spec.Linux.Sysctl) {
		file := "/proc/sys/" + strings.ReplaceAll(key, ".", "/")
		b.add(kernel.WriteFile(b.slot(), file, b.spec.Linux.Sysctl[key])...)
	}
}

// resourceLimits sets the process's own limits and how soon the OOM killer thinks of it.
func (b *builder) resourceLimits() {
	b.oomScore()
	b.rlimits()
}

func (b *builder) oomScore() {
	if adj := b.spec.Process.OOMScoreAdj; adj != nil {
		b.add(kernel.WriteFile(b.slot(), "/proc/self/oom_score_adj", itoa(*adj))...)
	}
}

// rlimits sets what getrlimit(2) knows.
func (b *builder) rlimits() {
	for _, l := range b.spec.Process.Rlimits {
		resource, known := rlimitNumber(l.Type)
		if !known {
			b.fail("unknown resource limit %q", l.Type)
			return
		}
		b.add(kernel.Prlimit(resource, l.Type, l.Soft, l.Hard).For("limit " + strings.ToLower(strings.TrimPrefix(l.Type, "RLIMIT_"))))
	}
}

// makeWorkingDirectory makes it if the image lacks it, as Docker does. Below /proc nothing can be made.
func (b *builder) makeWorkingDirectory() {
	cwd := path.Clean("/" + b.spec.Process.Cwd)
	if cwd == "/" || below(cwd, "/proc") {
		return
	}
	for i := 1; i <= len(cwd); i++ {
		if i == len(cwd) || cwd[i] == '/' {
			b.add(kernel.Mkdir(cwd[:i], 0o755).Ignoring(unix.EEXIST, unix.EROFS).For("make sure that the working directory is there"))
		}
	}
}

// enterWorkingDirectory goes there, but not through the links that are no paths: /proc/self/fd/8 may be a directory of the host
// that lab has open at this moment, and from there ".." leads to all of the host (as in CVE-2024-21626 of runc).
func (b *builder) enterWorkingDirectory() {
	cwd := path.Clean("/" + b.spec.Process.Cwd)
	if cwd == "/" {
		return
	}
	dir, why := b.slot(), "go to the working directory "+cwd
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY, Resolve: unix.RESOLVE_NO_MAGICLINKS}
	b.add(
		kernel.OpenAt2(kernel.AtCwd, cwd, how).Into(dir).For(why),
		kernel.Fchdir(dir.Ref()).For(why).AsShell("cd "+cwd),
	)
}

// InitName is the name under which the init program of [Container.Init] is executed.
const InitName = "lab-init"

// execute turns the process into the program: descriptors beyond the standard three are closed by the execve itself.
func (b *builder) execute() {
	p := b.spec.Process
	b.add(
		kernel.Umask(b.umask()).For("let new files have the usual permissions"),
		kernel.CloseRange(3, unix.CLOSE_RANGE_CLOEXEC).For("let no descriptor of lab reach the program"),
	)
	if p.NoNewPrivileges {
		b.filter()
	}
	if b.c.Init != "" {
		argv := append([]string{InitName, "--"}, p.Args...)
		b.add(kernel.Execve("/dev/init", argv, p.Env).For("execute the init program, which starts " + p.Args[0]))
		return
	}
	b.add(kernel.Exec(p.Args, p.Env)...)
}

func (b *builder) umask() uint32 {
	if m := b.spec.Process.User.Umask; m != nil {
		return *m
	}
	return 0o022
}
