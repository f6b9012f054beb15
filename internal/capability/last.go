package capability

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

const lastCapFile = "/proc/sys/kernel/cap_last_cap"

// Last returns the highest capability that the running kernel knows.
//
// Kernel: /proc/sys/kernel/cap_last_cap (capabilities(7), since Linux 3.2),
// read once, at the first call. Where there is no /proc it is the highest
// that this package knows.
//
// Raising or dropping a capability above it fails with EINVAL, so whoever
// walks "all capabilities" stops here.
func Last() Cap {
	return last()
}

var last = sync.OnceValue(func() Cap {
	text, err := os.ReadFile(lastCapFile)
	if err != nil {
		return count - 1
	}
	return parseLast(string(text))
})

func parseLast(text string) Cap {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 8)
	if err != nil || n > 63 {
		return count - 1
	}
	return Cap(n)
}
