package image

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/container-labs/lab/pkg/unionfs"
)

// apply unpacks an uncompressed layer into the empty directory dir. It is chapter
// 4's; here is only the door to it.
func apply(ctx context.Context, dir string, tar io.Reader) (unionfs.Applied, error) {
	opt := unionfs.ApplyOptions{}
	if !privileged() {
		// Files get the caller's owner, and marks that an overlay mounted with
		// userxattr reads.
		opt.UserXattr, opt.SkipDevices = true, true
		opt.NoChown = os.Geteuid() != 0
	}
	return unionfs.Apply(ctx, dir, tar, opt)
}

// privileged is root in the first user namespace: only there can trusted.* attributes
// and devices be made. Its map is the only one that covers all ids; see
// user_namespaces(7).
var privileged = sync.OnceValue(func() bool {
	data, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return os.Geteuid() == 0
	}
	f := strings.Fields(string(data))
	return os.Geteuid() == 0 && len(f) == 3 && f[0] == "0" && f[1] == "0" && f[2] == "4294967295"
})
