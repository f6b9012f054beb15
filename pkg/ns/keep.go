package ns

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// keeper remembers what was bound, to take it back when the program does not start.
type keeper struct{ bound, made []string }

// keep binds a namespace of the waiting child onto a file. It runs in the parent, whose mounts are those that stay.
func (k *keeper) keep(c *kernel.Child, kind Kind, born Set, path string) error {
	if err := k.file(path); err != nil {
		return fmt.Errorf("keep the %s namespace: %w", kind.Name, err)
	}
	link := kind.Name
	if kind.Children != "" && !born.Has(kind.Flag) {
		link = kind.Children
	}
	pid, err := c.ProcPID()
	if err != nil {
		return fmt.Errorf("keep the %s namespace: %w", kind.Name, err)
	}
	op := kernel.Mount(procPath(pid, "ns/"+link), path, "", unix.MS_BIND, "").
		For("keep the " + kind.Name + " namespace at " + path)
	_, err = kernel.Do(op)
	if errors.Is(err, unix.EINVAL) && kind.Flag == Mount {
		return fmt.Errorf("%w (the file must be on a private mount, and in an older mount namespace)", err)
	}
	if err == nil {
		k.bound = append(k.bound, path)
	}
	return err
}

// file makes the file if it is not there. An existing one must not be a directory.
func (k *keeper) file(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	k.made = append(k.made, path)
	return f.Close()
}

func (k *keeper) undo() {
	for _, path := range k.bound {
		_, _ = kernel.Do(kernel.Umount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW).For("take back what was kept"))
	}
	for _, path := range k.made {
		_ = os.Remove(path)
	}
}

// Release ends the keeping of a namespace at path ([Unshare.Keep]) and removes the file. The namespace ends
// when nothing else holds it. A path where no namespace is kept is an error and stays as it is.
//
// Kernel: umount2(2) MNT_DETACH, unlink(2). Needs CAP_SYS_ADMIN.
func Release(path string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if fs.Type != unix.NSFS_MAGIC {
		return fmt.Errorf("release %s: no namespace is kept there", path)
	}
	return kernel.DoAll([]kernel.Op{
		kernel.Umount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW).For("release the namespace kept at " + path),
		kernel.Unlink(path).For("remove " + path),
	})
}
