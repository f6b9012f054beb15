package ns

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// NewUser makes a user namespace with the given maps and returns an open descriptor of it, which keeps it
// alive. Nobody runs in it: it is for mount_setattr(2) with MOUNT_ATTR_IDMAP, and for setns(2).
//
// Kernel: clone3(2) CLONE_NEWUSER of a child that waits, /proc/PID/uid_map and gid_map, and SIGKILL for the
// child. Ranges need CAP_SETUID and CAP_SETGID, or newuidmap(1). Empty maps are refused: an idmapped mount must have some.
func NewUser(uids, gids []IDMap) (*os.File, error) {
	ids := &idMaps{uids: uids, gids: gids}
	if len(uids) == 0 || len(gids) == 0 {
		return nil, errors.New("make a user namespace: no ids to map")
	}
	if err := ids.check(); err != nil {
		return nil, err
	}
	var file *os.File
	meet := kernel.Meet("write the id maps of the new user namespace", func(c *kernel.Child) error {
		if err := ids.write(c); err != nil {
			return err
		}
		pid, err := c.ProcPID()
		if err != nil {
			return err
		}
		if file, err = os.Open(procPath(pid, "ns/user")); err != nil {
			return fmt.Errorf("open the new user namespace: %w", unwrapPath(err))
		}
		return errHeld
	})
	_, err := kernel.Fork(kernel.Start{Flags: unix.CLONE_NEWUSER, Ops: []kernel.Op{meet}})
	switch {
	case errors.Is(err, errHeld):
		return file, nil
	case err == nil:
		return os.Open("/proc/self/ns/user") // a dry run: any will do
	}
	return nil, err
}

// errHeld ends the child: its namespace is held by a descriptor now.
var errHeld = errors.New("the user namespace is held")
