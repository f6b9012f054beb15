package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/carry"
	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/ns"
	"github.com/container-labs/lab/pkg/unionfs"
)

// inside is a container's file tree: of one that runs as its first process sees it, of any other mounted where nobody else does.
type inside struct {
	place  carry.Place
	owners owners
	state  container.State
	spec   *specs.Spec
	ledger *store.Ledger // of one that does not run: nobody may start or remove it meanwhile
}

func openContainer(root, name string, writing bool) (*inside, error) {
	if unix.Geteuid() != 0 {
		return nil, errNotRoot
	}
	state, err := findState(root, name)
	if err != nil {
		return nil, err
	}
	s := store.Open(root)
	in := &inside{state: state}
	if in.spec, err = container.ReadSpec(s.Container(state.ID)); err != nil {
		return nil, err
	}
	in.owners = owners{in.spec.Linux.UIDMappings, in.spec.Linux.GIDMappings}
	if process, err := openProcess(state); err == nil {
		defer unix.Close(process)
		in.place.Root, err = container.OpenRoot(state.PID, process)
		if err == nil {
			return in, nil
		}
		if !errors.Is(err, container.ErrEnded) {
			return nil, err
		}
	}
	if err := in.hold(s); err != nil {
		return nil, err
	}
	if in.place.Root, err = in.mount(root, s, writing); err != nil {
		in.release()
		return nil, err
	}
	return in, nil
}

func (in *inside) close() {
	_ = unix.Close(in.place.Root)
	in.release()
}

func (in *inside) release() {
	if in.ledger != nil {
		_ = in.ledger.Done()
	}
}

// hold takes the container's ledger: an overlay must not be mounted twice with one upper directory. Another copy may have it for a
// while, or whoever ends the container.
func (in *inside) hold(s *store.Store) error {
	var err error
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		in.ledger, err = s.Begin(in.state.ID, store.Undo{Do: "layers", Arg: strings.Join(in.state.Layers, " ")})
		if !errors.Is(err, fs.ErrExist) || time.Now().After(end) {
			break
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("container %s is busy: another lab command is at work on it", in.state.Name)
	}
	if err == nil {
		_, err = container.ReadState(s.Container(in.state.ID)) // it may have been removed while we waited
		if err != nil {
			in.release()
			in.ledger = nil
			return fmt.Errorf("%w: %s", errNoContainer, in.state.Name)
		}
	}
	return err
}

// mount mounts the root with its volumes on a thread with a mount namespace of its own, and returns a copy of it that is attached nowhere.
// It goes when the descriptor does.
func (in *inside) mount(root string, s *store.Store, writing bool) (int, error) {
	images, err := image.Open(root)
	if err != nil {
		return -1, err
	}
	dir := s.Container(in.state.ID)
	overlay := unionfs.Overlay{
		Lower: images.LayerDirs(in.state.Layers), Upper: filepath.Join(dir, "upper"), Work: filepath.Join(dir, "work"), Target: s.Merged(),
	}
	for _, d := range [...]string{overlay.Upper, overlay.Work} { // a container that never ran has none yet
		if err := unix.Mkdir(d, 0o755); err != nil && err != unix.EEXIST {
			return -1, fmt.Errorf("make the container's own layer: %w", err)
		}
	}
	_ = unionfs.ForgetVolatile(overlay.Work)
	users := -1
	if len(in.owners.uids) > 0 {
		file, err := ns.NewUser(ownerMaps(in.owners.uids), ownerMaps(in.owners.gids))
		if err != nil {
			return -1, err
		}
		defer file.Close()
		users = int(file.Fd())
		uid, gid := in.owners.outside(0, 0)
		if err := unix.Chown(overlay.Upper, uid, gid); err != nil {
			return -1, fmt.Errorf("give the container's own layer to its root: %w", err)
		}
	}
	var fd int
	kernel.Apart(func() { fd, err = in.mountHere(overlay, users, writing) })
	return fd, err
}

func (in *inside) mountHere(overlay unionfs.Overlay, users int, writing bool) (int, error) {
	if err := kernel.DoAll(container.RootOps(overlay, users)); err != nil {
		return -1, err
	}
	fd, err := kernel.Do(kernel.OpenTree(kernel.AtCwd, overlay.Target, unix.OPEN_TREE_CLOEXEC).For("open the root"))
	if err != nil {
		return -1, err
	}
	defer unix.Close(fd)
	for _, m := range in.spec.Mounts {
		if m.Type == "bind" || slices.Contains(m.Options, "rbind") || slices.Contains(m.Options, "bind") {
			if err := bindInto(fd, m); err != nil {
				return -1, err
			}
		}
	}
	if in.spec.Root.Readonly && writing {
		attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
		if _, err := kernel.Do(kernel.MountSetattr(kernel.FD(fd), "", unix.AT_EMPTY_PATH, attr).For("keep the root read-only")); err != nil {
			return -1, err
		}
	}
	tree := kernel.OpenTree(kernel.FD(fd), "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
	return kernel.Do(tree.For("take the root along"))
}

// bindInto shows a volume where the container has it. A place that is not there yet is made by the next start, not here.
func bindInto(root int, m specs.Mount) error {
	place := carry.Place{Root: root}
	at, err := place.Lookup(m.Destination)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the place of the volume %s: %w", m.Destination, err)
	}
	defer unix.Close(at)
	why := "show the volume " + m.Destination
	tree, err := kernel.Do(kernel.OpenTree(kernel.AtCwd, m.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE).For(why))
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	if slices.Contains(m.Options, "ro") {
		attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
		if _, err := kernel.Do(kernel.MountSetattr(kernel.FD(tree), "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, attr).For(why)); err != nil {
			return err
		}
	}
	_, err = kernel.Do(kernel.MoveMount(kernel.FD(tree), "", kernel.FD(at), "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH).For(why))
	return err
}

// explain says why the kernel refuses to write, as Docker does.
func (in *inside) explain(err error, to string) error {
	if !errors.Is(err, unix.EROFS) {
		return err
	}
	for _, m := range in.spec.Mounts {
		if at := path.Clean(m.Destination); slices.Contains(m.Options, "ro") && (path.Clean(to) == at || strings.HasPrefix(path.Clean(to), at+"/")) {
			return fmt.Errorf("mounted volume is marked read-only: %w", err)
		}
	}
	if in.spec.Root.Readonly {
		return fmt.Errorf("container rootfs is marked read-only: %w", err)
	}
	return err
}

// owners translates users between a container with users of its own and the host.
type owners struct{ uids, gids []specs.LinuxIDMapping }

func (o owners) inside(uid, gid int) (int, int) {
	return mapOwner(o.uids, uid, false), mapOwner(o.gids, gid, false)
}

func (o owners) outside(uid, gid int) (int, int) {
	return mapOwner(o.uids, uid, true), mapOwner(o.gids, gid, true)
}

func ownerMaps(list []specs.LinuxIDMapping) []ns.IDMap {
	maps := make([]ns.IDMap, len(list))
	for i, m := range list {
		maps[i] = ns.IDMap{Inside: m.ContainerID, Outside: m.HostID, Size: m.Size}
	}
	return maps
}

func mapOwner(maps []specs.LinuxIDMapping, id int, out bool) int {
	for _, m := range maps {
		from, to := int(m.HostID), int(m.ContainerID)
		if out {
			from, to = to, from
		}
		if id >= from && id < from+int(m.Size) {
			return to + id - from
		}
	}
	return id
}
