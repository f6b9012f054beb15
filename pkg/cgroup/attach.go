package cgroup

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// AttachDevices puts the device rules of the group's limits to work where that takes a BPF program: in v2. Where the devices
// controller is v1's, or no rules are set, it does nothing. Programs that were attached to the group before are
// replaced one for one, so there is no moment without rules.
//
// It is not an op of [Group.CreateOps] because loading gives a descriptor that attaching needs inside a structure. Call it
// after them; [Group.Create] and [Group.Set] do.
//
// Kernel: bpf(2) BPF_PROG_LOAD (BPF_PROG_TYPE_CGROUP_DEVICE, since 4.15), BPF_PROG_QUERY, BPF_PROG_ATTACH with
// BPF_F_ALLOW_MULTI: a program further up still has its say, so a child is allowed no more than its parents.
// Needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN.
func (g *Group) AttachDevices() error {
	s := g.in("devices")
	if g.err != nil || s == nil || s.tree.Version == 1 || g.limits.Devices == nil {
		return g.err
	}
	return attachDevices(s.dir, g.limits.Devices)
}

func attachDevices(dir string, rules []DeviceRule) error {
	program, err := deviceProgram(rules)
	if err != nil {
		return err
	}
	group, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open group %s: %w", dir, err)
	}
	defer unix.Close(group)
	old, err := attached(group)
	if err != nil {
		return fmt.Errorf("look for device programs of %s: %w", dir, err)
	}
	if len(old) == 0 && slices.Equal(program, allowAll()) {
		return nil // a group without a program allows what the ones above allow
	}
	fd, err := loadProgram(program)
	if err != nil {
		return fmt.Errorf("load the device program of %s: %w", dir, err)
	}
	defer unix.Close(fd)
	if err := attachProgram(group, fd, old); err != nil {
		return fmt.Errorf("attach the device program to %s: %w", dir, err)
	}
	return nil
}

// loadAttr is the part of union bpf_attr that BPF_PROG_LOAD reads. Where the kernel has a u64 for an address there is a
// pointer here, so that the collector knows of it: both machines that lab is built for have 64 bits.
type loadAttr struct {
	kind, count             uint32
	program                 *insn
	license                 *byte
	logLevel, logSize       uint32
	log                     uint64
	kernelVersion, flags    uint32
	name                    [16]byte
	ifindex, expectedAttach uint32
}

func loadProgram(program []insn) (int, error) {
	license := []byte("GPL\x00")
	attr := &loadAttr{
		kind: unix.BPF_PROG_TYPE_CGROUP_DEVICE, count: uint32(len(program)),
		program: &program[0], license: &license[0],
	}
	copy(attr.name[:], "lab_devices")
	return bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
}

// attachAttr is the part of union bpf_attr that BPF_PROG_ATTACH reads.
type attachAttr struct{ target, program, kind, flags, replace uint32 }

// attachProgram adds the program to the group, or puts it in the place of the one that is there.
func attachProgram(group, program int, old []uint32) error {
	attr := &attachAttr{target: uint32(group), program: uint32(program), kind: unix.BPF_CGROUP_DEVICE, flags: unix.BPF_F_ALLOW_MULTI}
	if len(old) > 0 {
		fd, err := programByID(old[0])
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		attr.flags |= unix.BPF_F_REPLACE
		attr.replace = uint32(fd)
	}
	_, err := bpf(unix.BPF_PROG_ATTACH, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
	return err
}

// queryAttr is the part of union bpf_attr that BPF_PROG_QUERY reads.
type queryAttr struct {
	target, kind, flags, attachFlags uint32
	ids                              *uint32
	count, _                         uint32
}

// attached returns the ids of the device programs of the group itself, not of those above it.
func attached(group int) ([]uint32, error) {
	ids := make([]uint32, 64)
	attr := &queryAttr{target: uint32(group), kind: unix.BPF_CGROUP_DEVICE, ids: &ids[0], count: uint32(len(ids))}
	_, err := bpf(unix.BPF_PROG_QUERY, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
	return ids[:min(int(attr.count), len(ids))], err
}

func programByID(id uint32) (int, error) {
	attr := &struct{ id, next, flags uint32 }{id: id}
	return bpf(unix.BPF_PROG_GET_FD_BY_ID, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
}

// bpf is bpf(2). EAGAIN is the verifier interrupted by a signal: try again, as libbpf does, five times.
func bpf(command uintptr, attr unsafe.Pointer, size uintptr) (int, error) {
	for try := 0; ; try++ {
		fd, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(attr), size)
		if errno == 0 {
			return int(fd), nil
		}
		if (errno != unix.EAGAIN && errno != unix.EINTR) || try == 5 {
			return -1, errno
		}
	}
}
