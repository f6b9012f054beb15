package chroot

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Pivot makes root the "/" of the calling mount namespace and detaches the old one.
//
// Kernel: mount(2) MS_BIND|MS_REC, pivot_root(2) with (".", "."), umount2(2) MNT_DETACH.
// Needs CAP_SYS_ADMIN and a private mount tree; see NOTES in pivot_root(2).
//
// Namespaces belong to threads: call it on a goroutine locked to a thread that has left the host's mount
// namespace (unshare(2) CLONE_NEWNS, which parts the root directory from the other threads' as well). Where that has not
// been done, Pivot refuses: it would take the root file system away from the processes beside it.
func Pivot(root string) error {
	if err := checkPivot(root); err != nil {
		return err
	}
	if shared() {
		return fmt.Errorf("pivot to %s: other processes share this mount namespace; leave it first (unshare -m)", root)
	}
	return kernel.DoAll(PivotOps(root))
}

// PivotOps lists what [Pivot] does. The mount tree must be private already.
func PivotOps(root string) []kernel.Op {
	root = absolute(root)
	return []kernel.Op{
		kernel.Mount(root, root, "", unix.MS_BIND|unix.MS_REC, "").For("make the new root a mount: pivot_root wants one"),
		kernel.Chdir(root).For("go to the new root"),
		kernel.PivotRoot(".", ".").For("put the new root at the top of the mount namespace, the old one on top of it"),
		kernel.Umount(".", unix.MNT_DETACH).For("take the old root away"),
		kernel.Chdir("/").For("go to the new root"),
	}
}

// private cuts the mount namespace off from the one that it was copied from, or what is mounted in it
// would be mounted there too.
func private() kernel.Op {
	return kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "").For("keep our mounts from the host, and the host's from us")
}

// checkPivot finds the two mistakes that pivot_root answers with a bare EINVAL or EBUSY.
func checkPivot(root string) error {
	var new, old unix.Stat_t
	if err := unix.Stat(root, &new); err != nil {
		return fmt.Errorf("look at the new root %s: %w", root, err)
	}
	if new.Mode&unix.S_IFMT != unix.S_IFDIR {
		return fmt.Errorf("look at the new root %s: %w", root, unix.ENOTDIR)
	}
	if err := unix.Stat("/", &old); err == nil && new.Dev == old.Dev && new.Ino == old.Ino {
		return fmt.Errorf("pivot to %s: it is the root already", root)
	}
	return nil
}

// shared says whether the calling thread shares its mount namespace with the process that started this one, or with
// PID 1. Where that cannot be read, the kernel's own answer must do.
func shared() bool {
	var own, other unix.Stat_t
	if unix.Stat("/proc/thread-self/ns/mnt", &own) != nil {
		return false
	}
	for _, pid := range []int{os.Getppid(), 1} {
		if pid == 0 || pid == os.Getpid() {
			continue
		}
		if unix.Stat(fmt.Sprintf("/proc/%d/ns/mnt", pid), &other) == nil && own.Ino == other.Ino {
			return true
		}
	}
	return false
}
