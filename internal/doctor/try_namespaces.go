package doctor

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/ns"
)

// tryNamespace makes one of a kind, compares its number with our own, and does in it what it is for.
func tryNamespace(kind ns.Kind) func(*Bench) Finding {
	return func(b *Bench) Finding {
		flags := uint64(kind.Flag)
		link := kind.Name
		if kind.Flag == ns.Time { // clone3 knows no time namespace on all kernels that have one
			flags, link = 0, kind.Children
		}
		return b.tried("", flags, func(bool) []kernel.Op {
			ops := use(kind.Flag)
			return append(ops, kernel.Meet("have its namespace compared with ours", func(c *kernel.Child) error {
				pid, err := c.ProcPID()
				if err != nil {
					return nil // without a /proc, the calls before this one are the proof
				}
				theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, link))
				ours, err2 := os.Readlink("/proc/self/ns/" + kind.Name)
				if err == nil && err2 == nil && theirs == ours {
					return fmt.Errorf("the kernel made no new %s namespace", kind.Name)
				}
				return nil
			}))
		})
	}
}

// use is what is done in a new namespace.
func use(kind ns.Set) []kernel.Op {
	switch kind {
	case ns.Mount:
		return []kernel.Op{private()}
	case ns.UTS:
		return []kernel.Op{kernel.Sethostname("lab-doctor").For("set the host name")}
	case ns.Net:
		return loopbackUp()
	case ns.Time:
		return []kernel.Op{kernel.Unshare(unix.CLONE_NEWTIME).For("make a time namespace")}
	}
	return nil
}

// loopbackUp is the first thing that every container does to its network; see netdevice(7).
func loopbackUp() []kernel.Op {
	const socket kernel.Slot = 1
	request := &struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{flags: unix.IFF_UP | unix.IFF_RUNNING}
	copy(request.name[:], "lo")
	return []kernel.Op{
		kernel.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0, "AF_INET").Into(socket).For("make a socket"),
		kernel.IoctlPointer(socket.Ref(), unix.SIOCSIFFLAGS, "SIOCSIFFLAGS", unsafe.Pointer(request), "lo up").For("set the loopback device up"),
	}
}
