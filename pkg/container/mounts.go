package container

import (
	"os"
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// bind is a host file or directory on its way into the container.
type bind struct {
	tree  kernel.Slot // the cloned mount, attached nowhere yet
	mount specs.Mount
}

// openHostFiles clones the mounts of what the container is to see of the host, while the host's tree can still be named.
// mountRest attaches them when it cannot.
func (b *builder) openHostFiles() {
	if b.private() {
		b.lent = map[string]kernel.Slot{}
		for _, d := range defaultDevices {
			b.lent[d.path] = b.lend(d.path, false)
		}
		for _, d := range b.spec.Linux.Devices {
			host := d.Path
			if path, other := b.c.HostDevices[d.Path]; other {
				host = path
			}
			b.lent[d.Path] = b.lend(host, false)
		}
	}
	for _, m := range b.spec.Mounts {
		if !isBind(m) {
			continue
		}
		o := parseMountOptions(m.Options)
		flag := uint(unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC)
		if o.flags&unix.MS_REC != 0 {
			flag |= unix.AT_RECURSIVE
		}
		tree := b.openTree(m.Source, flag)
		if o.attr != 0 {
			attr := unix.MountAttr{Attr_set: o.attr}
			b.add(kernel.MountSetattr(tree.Ref(), "", unix.AT_EMPTY_PATH|flag&unix.AT_RECURSIVE, attr).For("with " + strings.Join(m.Options, ",")))
		}
		b.binds = append(b.binds, bind{tree: tree, mount: m})
	}
	if b.c.Init != "" {
		tree := b.openTree(b.c.Init, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		b.add(
			kernel.MountSetattr(tree.Ref(), "", unix.AT_EMPTY_PATH, unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}).For("so that nobody can overwrite it"),
		)
		b.binds = append(b.binds, bind{tree: tree, mount: specs.Mount{Destination: "/dev/init", Source: b.c.Init, Type: "bind"}})
	}
}

// openTree clones the mount at path, by the container itself or, where it is nobody, by lab.
func (b *builder) openTree(path string, flag uint) kernel.Slot {
	if b.private() {
		return b.lend(path, flag&unix.AT_RECURSIVE != 0)
	}
	tree := b.slot()
	b.add(kernel.OpenTree(kernel.AtCwd, path, flag).Into(tree).For("take " + path + " of the host along"))
	return tree
}

// mountAt returns the specification's last mount for a destination.
func (b *builder) mountAt(destination string) (specs.Mount, bool) {
	for i := len(b.spec.Mounts) - 1; i >= 0; i-- {
		if path.Clean(b.spec.Mounts[i].Destination) == destination {
			return b.spec.Mounts[i], true
		}
	}
	return specs.Mount{}, false
}

// mountProc comes after all other mounts. An image's /etc may be a link to /proc/self/fd/8 or /proc/1/root, and these lead
// to what lab has open of the host; while there is no /proc they lead nowhere. What the person wants below /proc follows.
func (b *builder) mountProc() {
	if m, found := b.mountAt("/proc"); found {
		b.mount(m)
	}
	for _, m := range b.spec.Mounts {
		if destination := path.Clean(m.Destination); destination != "/proc" && below(destination, "/proc") {
			b.mount(m)
		}
	}
}

// mountRest mounts all other file systems in the specification's order, then the init program.
func (b *builder) mountRest() {
	for _, m := range b.spec.Mounts {
		switch destination := path.Clean(m.Destination); {
		case destination == "/dev" || below(destination, "/proc"):
			continue // mounted already, or at the end
		case b.onHostDev(m):
			continue
		case destination == "/":
			b.fail("mount over / is not allowed: the root is the image's")
		case m.Type == "cgroup":
			b.mountCgroups(m)
		default:
			b.mount(m)
		}
	}
	for _, bd := range b.binds {
		if bd.mount.Destination == "/dev/init" {
			b.attach(bd)
		}
	}
}

// below says whether a clean path is dir or something in it.
func below(file, dir string) bool {
	return file == dir || strings.HasPrefix(file, dir+"/")
}

func (b *builder) mount(m specs.Mount) {
	if isBind(m) {
		for _, bd := range b.binds {
			if bd.mount.Destination == m.Destination {
				b.attach(bd)
				return
			}
		}
	}
	o := parseMountOptions(m.Options)
	b.makeDirectory(m.Destination)
	b.realDirectory(m.Destination)
	if slot, made := b.early[m.Destination]; made {
		b.add(kernel.MoveMount(slot.Ref(), "", kernel.AtCwd, m.Destination, unix.MOVE_MOUNT_F_EMPTY_PATH).For(mountWhy(m)))
		return
	}
	b.add(kernel.Mount(m.Source, m.Destination, m.Type, o.flags, o.data).For(mountWhy(m)))
}

func (b *builder) attach(bd bind) {
	target, how := path.Clean(bd.mount.Destination), unix.MOVE_MOUNT_F_EMPTY_PATH
	if info, err := os.Stat(bd.mount.Source); err == nil && info.IsDir() {
		b.makeDirectory(target)
		if !below(target, "/proc") {
			how |= unix.MOVE_MOUNT_T_SYMLINKS // the image's /var/run is a link to /run: mount there, for nothing mounts on a link
		}
	} else {
		b.makeFile(target)
	}
	b.add(
		kernel.MoveMount(bd.tree.Ref(), "", kernel.AtCwd, target, how).
			For("show the host's "+bd.mount.Source+" at "+target).
			AsShell("mount --bind "+bd.mount.Source+" "+target),
		kernel.Close(bd.tree.Ref()),
	)
}

// realDirectory refuses an image whose /proc, /sys or /dev is a symbolic link: what is masked below the path later would
// be masked somewhere else.
func (b *builder) realDirectory(dir string) {
	switch dir {
	case "/proc", "/sys", "/dev":
		b.add(kernel.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0).For("check that the image's " + dir + " is a directory"))
	}
}

// makeDirectory is mkdir -p. Symbolic links on the way are the image's own, and lead nowhere but into the image.
func (b *builder) makeDirectory(dir string) {
	dir = path.Clean(dir)
	if strings.HasPrefix(dir, "/dev/") || dir == "/etc" || strings.Count(dir, "/") == 1 {
		b.mkdir(dir)
		return
	}
	for i := 1; i <= len(dir); i++ {
		if i == len(dir) || dir[i] == '/' {
			b.mkdir(dir[:i])
		}
	}
}

func (b *builder) mkdir(dir string) {
	b.add(kernel.Mkdir(dir, 0o755).Ignoring(unix.EEXIST, unix.EROFS).For("make sure that " + dir + " is there"))
}

// makeFile makes an empty file to mount on. One that exists, even a dangling symbolic link, is left: move_mount(2) covers the link itself.
func (b *builder) makeFile(file string) {
	if dir := path.Dir(file); dir != "/" && dir != "/dev" {
		b.makeDirectory(dir)
	}
	b.add(kernel.Open(file, unix.O_CREAT|unix.O_EXCL, 0o644).Ignoring(unix.EEXIST, unix.EROFS).For("make sure that " + file + " is there"))
}

func isBind(m specs.Mount) bool {
	if m.Type == "bind" {
		return true
	}
	for _, o := range m.Options {
		if o == "bind" || o == "rbind" {
			return true
		}
	}
	return false
}

// mountWhy says what a well-known mount is good for.
func mountWhy(m specs.Mount) string {
	switch m.Type {
	case "proc":
		return "show the processes of its own PID namespace"
	case "devpts":
		return "give it terminals of its own"
	case "mqueue":
		return "show the message queues of its own IPC namespace"
	case "sysfs":
		return "show the devices of its own network namespace"
	}
	switch m.Destination {
	case "/dev":
		return "give it a /dev of its own"
	case "/dev/shm":
		return "give it shared memory of its own"
	}
	return "mount " + m.Type + " at " + m.Destination
}
