package container

import (
	"sort"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func itoa(n int) string { return strconv.Itoa(n) }

func zeroInt() unsafe.Pointer { return unsafe.Pointer(new(int32)) }

// loopbackRequest is struct ifreq of netdevice(7): the interface's name and its new flags.
func loopbackRequest() unsafe.Pointer {
	type ifreq struct {
		name  [unix.IFNAMSIZ]byte
		flags int16
		_     [22]byte
	}
	r := &ifreq{flags: unix.IFF_UP | unix.IFF_RUNNING}
	copy(r.name[:], "lo")
	return unsafe.Pointer(r)
}

// rlimitNumber finds a resource of getrlimit(2) by its name.
func rlimitNumber(name string) (int, bool) {
	for _, r := range [...]struct {
		name   string
		number int
	}{
		{"RLIMIT_CPU", unix.RLIMIT_CPU}, {"RLIMIT_FSIZE", unix.RLIMIT_FSIZE}, {"RLIMIT_DATA", unix.RLIMIT_DATA}, {"RLIMIT_STACK", unix.RLIMIT_STACK},
		{"RLIMIT_CORE", unix.RLIMIT_CORE}, {"RLIMIT_RSS", unix.RLIMIT_RSS}, {"RLIMIT_NPROC", unix.RLIMIT_NPROC}, {"RLIMIT_NOFILE", unix.RLIMIT_NOFILE},
		{"RLIMIT_MEMLOCK", unix.RLIMIT_MEMLOCK}, {"RLIMIT_AS", unix.RLIMIT_AS}, {"RLIMIT_LOCKS", unix.RLIMIT_LOCKS}, {"RLIMIT_SIGPENDING", unix.RLIMIT_SIGPENDING},
		{"RLIMIT_MSGQUEUE", unix.RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", unix.RLIMIT_NICE}, {"RLIMIT_RTPRIO", unix.RLIMIT_RTPRIO}, {"RLIMIT_RTTIME", unix.RLIMIT_RTTIME},
	} {
		if r.name == name {
			return r.number, true
		}
	}
	return 0, false
}
