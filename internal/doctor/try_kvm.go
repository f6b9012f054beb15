package doctor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	kvmGetVersion = 0xae00 // KVM_GET_API_VERSION of linux/kvm.h
	kvmVersion    = 12     // the only one there has ever been
)

func tryKVM(*Bench) Finding {
	fd, err := unix.Open("/dev/kvm", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		f := no(fmt.Sprintf("open /dev/kvm: %v", err))
		if refused(err) {
			f.Mend = Mend{Any: "sudo usermod -aG kvm $USER    # and log in again"}
		}
		return f
	}
	defer unix.Close(fd)
	version, err := unix.IoctlRetInt(fd, kvmGetVersion)
	if err != nil {
		return no(fmt.Sprintf("ask /dev/kvm for its version: %v", err))
	}
	if version != kvmVersion {
		return no(fmt.Sprintf("/dev/kvm has version %d, not %d", version, kvmVersion))
	}
	return yes("")
}
