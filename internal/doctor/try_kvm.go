package doctor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// The requests of linux/kvm.h, as they are numbered for machines of 64 bits.
const (
	kvmCreateVM  = 0xae01
	kvmSetMemory = 0x4020ae46 // KVM_SET_USER_MEMORY_REGION
	kvmCreateCPU = 0xae41     // KVM_CREATE_VCPU
	kvmRun       = 0xae80
)

// memoryRegion is struct kvm_userspace_memory_region.
type memoryRegion struct {
	slot, flags          uint32
	guest, size, address uint64
}

// tryKVM runs a virtual machine whose whole program is one HLT: a /dev/kvm that can be opened proves little, for on some
// hosts guests hang in it. On arm64 the machine is made and not run.
func tryKVM(b *Bench) Finding {
	if _, err := os.Stat("/dev/kvm"); err != nil {
		return failed(fmt.Errorf("look for it: %w", errors.Unwrap(err)))
	}
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = unix.Munmap(page) }()
	err = b.once(attempt{ops: func(bool) []kernel.Op { return virtualMachine(page) }}, false)
	if refused(err) {
		f := failed(err)
		f.Mend = Mend{Any: "sudo usermod -aG kvm $USER    # and log in again"}
		return f
	}
	return b.judge(false, err, "")
}

// virtualMachine lists the calls that make one with page as its memory, and run it until it halts. A processor of a PC
// begins 16 bytes below the end of the first 4 GiB.
func virtualMachine(page []byte) []kernel.Op {
	const device, machine, cpu kernel.Slot = 1, 2, 3
	const reset, hlt = 0xff0, 0xf4
	ops := []kernel.Op{
		kernel.Open("/dev/kvm", unix.O_RDWR, 0).Into(device).For("open /dev/kvm"),
		kernel.Ioctl(device.Ref(), kvmCreateVM, "KVM_CREATE_VM", 0).Into(machine).For("make a virtual machine"),
	}
	if runtime.GOARCH != "amd64" {
		return ops
	}
	page[reset] = hlt
	region := &memoryRegion{guest: 1<<32 - uint64(len(page)), size: uint64(len(page)), address: uint64(uintptr(unsafe.Pointer(&page[0])))}
	return append(ops,
		kernel.IoctlPointer(machine.Ref(), kvmSetMemory, "KVM_SET_USER_MEMORY_REGION", unsafe.Pointer(region), "one page").For("give it memory"),
		kernel.Ioctl(machine.Ref(), kvmCreateCPU, "KVM_CREATE_VCPU", 0).Into(cpu).For("give it a processor"),
		kernel.Ioctl(cpu.Ref(), kvmRun, "KVM_RUN", 0).For("run it until it halts"))
}
