package doctor

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

// tryBornInside makes a child that is a member of a v2 group before it does anything.
func tryBornInside(b *Bench) Finding {
	m, err := cgroup.Detect()
	if err != nil {
		return failed(err)
	}
	at := v2Of(m)
	if at < 0 {
		return moot("no v2 tree here; in v1 the child joins by itself")
	}
	group, err := b.makeGroup(&m.Hierarchies[at])
	if err != nil {
		return b.groupless(&m.Hierarchies[at], err)
	}
	defer group.remove()
	dir, err := os.Open(group.dir)
	if err != nil {
		return b.judge(false, err, "")
	}
	defer dir.Close()
	err = b.once(attempt{cgroup: int(dir.Fd()), ops: func(bool) []kernel.Op {
		return []kernel.Op{kernel.Meet("be looked for in its group", func(c *kernel.Child) error {
			if readWord(group.dir, "cgroup.procs") != fmt.Sprint(c.PID) {
				return errors.New("the child was not born in its group")
			}
			return nil
		})}
	}}, false)
	return b.judge(false, err, "")
}

// tryDevices forbids all devices to a group, in v1 by a file and in v2 by a BPF program, and opens one as its member.
func tryDevices(b *Bench) Finding {
	m, err := cgroup.Detect()
	if err != nil {
		return failed(err)
	}
	tree := m.Where("devices")
	if tree == nil {
		return absent(m.Mode, "devices", readWord("/", "proc/cgroups"), wholeV2(m))
	}
	if _, err := os.Stat("/dev/null"); err != nil {
		return Finding{State: No, Text: "no /dev/null to try it with", Mend: Mend{Any: "sudo mknod -m 666 /dev/null c 1 3"}}
	}
	group, err := b.makeGroup(tree)
	if err != nil {
		return b.groupless(tree, err)
	}
	defer group.remove()
	if tree.Version == 1 {
		err = b.guardedV1(group)
	} else {
		err = b.guardedV2(m, group)
	}
	var op *kernel.Error
	switch {
	case errors.As(err, &op) && op.Op.Call == "openat" && op.Errno == unix.EPERM && op.Op.Why == opening:
		return yes(map[int]string{1: "v1, " + tree.Dir, 2: "v2, a BPF program"}[tree.Version])
	case err == nil:
		return no("a member of a group without devices could open one")
	}
	return b.judge(false, err, "")
}

const opening = "open a device that is forbidden"

func openNull() kernel.Op { return kernel.Open("/dev/null", unix.O_RDWR, 0).For(opening) }

func (b *Bench) guardedV1(t *trial) error {
	if err := kernel.DoAll(kernel.WriteFile(1, t.dir+"/devices.deny", "a")); err != nil {
		return err
	}
	return b.once(attempt{ops: func(bool) []kernel.Op {
		return append(kernel.WriteFile(1, t.dir+"/tasks", "0"), openNull())
	}}, false)
}

func (b *Bench) guardedV2(m *cgroup.Machine, t *trial) error {
	none := []cgroup.DeviceRule{{Type: 'a', Major: cgroup.Any, Minor: cgroup.Any, Access: "rwm"}}
	if err := m.Group(t.path, cgroup.Limits{Devices: none}).AttachDevices(); err != nil {
		return err
	}
	dir, err := os.Open(t.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return b.once(attempt{cgroup: int(dir.Fd()), ops: func(bool) []kernel.Op { return []kernel.Op{openNull()} }}, false)
}
