package container

import (
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

// mountCgroups shows the container its own groups, as /sys/fs/cgroup shows the host all: one tree on v2; on v1 a directory
// with a tree for each controller, and links where one tree has several. It happens in the container's cgroup
// namespace, so that the top of each tree is the container's group.
func (b *builder) mountCgroups(m specs.Mount) {
	if b.c.Machine == nil || b.c.Cgroup == nil {
		return
	}
	o := parseMountOptions(m.Options)
	const tmpfs = unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV
	if b.c.Machine.Mode == cgroup.V2 {
		if b.bound(m.Destination) {
			// A bind of the host's /sys brings the host's tree along, and mount(2) puts no file system onto itself: EBUSY.
			b.add(kernel.Mount("tmpfs", m.Destination, "tmpfs", tmpfs, "mode=755,size=64k").For("cover the host's cgroup tree"))
		}
		b.add(kernel.Mount("cgroup", m.Destination, "cgroup2", o.flags, o.data).For("show it its own cgroup"))
		return
	}
	b.add(kernel.Mount("tmpfs", m.Destination, "tmpfs", tmpfs, "mode=755,size=64k").For("make room for the cgroup trees"))
	for _, tree := range b.trees() {
		name := path.Base(tree.Dir)
		dir := m.Destination + "/" + name
		why := "show it its own group of " + name
		b.add(
			kernel.Mkdir(dir, 0o755).For(why),
			kernel.Mount("cgroup", dir, "cgroup", o.flags, strings.Join(tree.Controllers, ",")).For(why),
		)
		for _, c := range tree.Controllers {
			if c != name && strings.Contains(name, ",") {
				b.add(kernel.Symlink(name, m.Destination+"/"+c).For(why))
			}
		}
	}
	if o.flags&unix.MS_RDONLY != 0 {
		b.add(kernel.Mount("", m.Destination, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|tmpfs, "").For("and let it change nothing there"))
	}
}

// bound says whether a directory of the host is what the container sees at file.
func (b *builder) bound(file string) bool {
	for _, m := range b.spec.Mounts {
		if isBind(m) && below(path.Clean(file), path.Clean(m.Destination)) {
			return true
		}
	}
	return false
}

// trees are the v1 trees in which the container has a group.
func (b *builder) trees() []cgroup.Hierarchy {
	var list []cgroup.Hierarchy
	for _, h := range b.c.Machine.Hierarchies {
		for _, dir := range b.c.Cgroup.Dirs() {
			if h.Version == 1 && strings.HasPrefix(dir, h.Dir+"/") {
				list = append(list, h)
				break
			}
		}
	}
	return list
}
