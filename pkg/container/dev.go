package container

import (
	"fmt"
	"os"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// device is one node of /dev (devices.txt in the kernel's documentation has the numbers).
type device struct {
	path         string
	kind         uint32 // S_IFCHR, S_IFBLK, S_IFIFO
	perm         uint32
	major, minor uint32
	uid, gid     int
}

// defaultDevices must exist in every container (OCI runtime specification, "Default Devices").
var defaultDevices = [...]device{
	{path: "/dev/null", kind: unix.S_IFCHR, perm: 0o666, major: 1, minor: 3},
	{path: "/dev/zero", kind: unix.S_IFCHR, perm: 0o666, major: 1, minor: 5},
	{path: "/dev/full", kind: unix.S_IFCHR, perm: 0o666, major: 1, minor: 7},
	{path: "/dev/random", kind: unix.S_IFCHR, perm: 0o666, major: 1, minor: 8},
	{path: "/dev/urandom", kind: unix.S_IFCHR, perm: 0o666, major: 1, minor: 9},
	{path: "/dev/tty", kind: unix.S_IFCHR, perm: 0o666, major: 5, minor: 0},
}

// devLinks are the symbolic links of /dev.
var devLinks = [...]struct{ path, target string }{
	{"/dev/ptmx", "pts/ptmx"},
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
}

// mountDev gives the container a /dev of its own: an empty tmpfs with the few nodes that every program expects. Which
// other devices it can use is the device cgroup's decision, not that of the nodes: with CAP_MKNOD it can make any.
func (b *builder) mountDev() {
	m, found := b.mountAt("/dev")
	if !found {
		return
	}
	if isBind(m) { // see showHostDev: until then a /dev that is memory, for giveFiles
		m = specs.Mount{Destination: "/dev", Type: "tmpfs", Source: "tmpfs"}
		b.mount(m)
		return
	}
	b.mount(m)
	for _, d := range defaultDevices {
		b.node(d)
	}
	for _, d := range b.spec.Linux.Devices {
		b.node(specDevice(d))
	}
	for _, l := range devLinks {
		b.add(kernel.Symlink(l.target, l.path).For("add " + l.path))
	}
	if b.c.Init != "" {
		b.add(kernel.Open("/dev/init", unix.O_CREAT|unix.O_EXCL, 0o755).For("make a place for the init program"))
	}
}

// showHostDev shows a directory of the host as /dev. Nothing is added to it: it would be added on the host.
func (b *builder) showHostDev() {
	m, found := b.mountAt("/dev")
	if !found || !isBind(m) {
		return
	}
	if b.c.Init != "" {
		b.fail("an init program and a volume at /dev do not go together: the program's place is /dev/init")
	}
	b.mount(m)
}

// onHostDev says that a mount of the default ones has no place in the host's directory that is shown as /dev.
func (b *builder) onHostDev(m specs.Mount) bool {
	dev, found := b.mountAt("/dev")
	if !found || !isBind(dev) || isBind(m) || !below(m.Destination, "/dev") {
		return false
	}
	_, err := os.Stat(dev.Source + strings.TrimPrefix(m.Destination, "/dev"))
	return err != nil
}

func (b *builder) node(d device) {
	why := "add " + d.path
	if b.private() {
		b.bindDevice(d)
		return
	}
	b.add(kernel.Mknod(d.path, d.kind|d.perm, d.major, d.minor).Ignoring(unix.EEXIST).For(why))
	if d.uid != 0 || d.gid != 0 {
		b.add(kernel.Chown(d.path, d.uid, d.gid).For(why))
	}
}

func specDevice(d specs.LinuxDevice) device {
	out := device{path: d.Path, kind: unix.S_IFCHR, perm: 0o666, major: uint32(d.Major), minor: uint32(d.Minor)}
	switch d.Type {
	case "b":
		out.kind = unix.S_IFBLK
	case "p":
		out.kind = unix.S_IFIFO
	}
	if d.FileMode != nil {
		out.perm = uint32(*d.FileMode) & 0o7777
	}
	if d.UID != nil {
		out.uid = int(*d.UID)
	}
	if d.GID != nil {
		out.gid = int(*d.GID)
	}
	return out
}

// terminal gives the first process its terminal and makes that the console, or gives it nothing to read.
func (b *builder) terminal() {
	if !b.spec.Process.Terminal {
		if !b.c.Stdin {
			null := b.slot()
			b.add(kernel.Open("/dev/null", unix.O_RDWR, 0).Into(null).For("read nothing from standard input"), kernel.Dup3(null.Ref(), 0))
		}
		return
	}
	b.openTerminal()
	console := b.slot()
	b.add(
		kernel.Open("/dev/console", unix.O_CREAT|unix.O_NOCTTY, 0o600).Into(console).For("make a place for the console"),
		kernel.Mount("/dev/pts/0", "/dev/console", "", unix.MS_BIND, "").For("make the terminal the console"),
	)
}

// openTerminal opens a terminal in the container's own devpts, so that its name (/dev/pts/0) means something inside, and hands
// the master side to lab. lab takes it out of this process with pidfd_getfd(2) while the process waits.
func (b *builder) openTerminal() {
	master, slave := b.slot(), b.slot()
	b.add(
		kernel.Open("/dev/pts/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0).Into(master).For("open a new terminal"),
		kernel.IoctlPointer(master.Ref(), unix.TIOCSPTLCK, "TIOCSPTLCK", zeroInt(), "[0]").For("unlock it"),
		kernel.Ioctl(master.Ref(), unix.TIOCGPTPEER, "TIOCGPTPEER", unix.O_RDWR|unix.O_NOCTTY).Into(slave).For("open its other side"),
		kernel.Meet("hand the terminal to lab", func(child *kernel.Child) error {
			fd, err := unix.PidfdGetfd(child.PIDFD, child.Slot(master), 0)
			if err != nil {
				return fmt.Errorf("take the container's terminal: %w", err)
			}
			child.SetSlot(masterSlot, fd)
			return b.c.Terminal(fd)
		}),
	)
	for fd := 0; fd <= 2; fd++ {
		b.add(kernel.Dup3(slave.Ref(), fd).For("talk through the terminal"))
	}
	b.add(kernel.Ioctl(kernel.FD(0), unix.TIOCSCTTY, "TIOCSCTTY", 0).For("make it the session's terminal"))
	if uid := b.spec.Process.User.UID; uid != 0 {
		b.add(kernel.Fchown(slave.Ref(), int(uid), -1).For("give the terminal to the user"))
	}
}
