package container

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// hide covers the parts of /proc and /sys that have no namespace of their own and tell or change things of the host: masked
// paths become empty, read-only paths stay readable. The paths are the specification's; one that this kernel lacks is passed over.
func (b *builder) hide() {
	for _, path := range b.spec.Linux.MaskedPaths {
		why := "hide " + path
		if isDirectory(path) {
			b.add(kernel.Mount("tmpfs", path, "tmpfs", unix.MS_RDONLY, "size=0k").Ignoring(unix.ENOENT, unix.ENOTDIR).For(why))
			continue
		}
		b.add(kernel.Mount("/dev/null", path, "", unix.MS_BIND, "").Ignoring(unix.ENOENT, unix.ENOTDIR).For(why))
	}
	for _, path := range b.spec.Linux.ReadonlyPaths {
		why := "make " + path + " read-only"
		b.add(
			kernel.Mount(path, path, "", unix.MS_BIND|unix.MS_REC, "").Ignoring(unix.ENOENT).For(why),
			kernel.Mount("", path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "").
				Ignoring(unix.ENOENT, unix.EINVAL).For(why),
		)
	}
}

// maskedDirectories are those of the default masked paths that are directories wherever they exist.
const maskedDirectories = " /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap "

// isDirectory says whether a path of /proc or /sys is a directory. The host's /proc and /sys have the same shape as the
// container's: it is the same kernel.
func isDirectory(path string) bool {
	if strings.Contains(maskedDirectories, " "+path+" ") {
		return true
	}
	if DefaultMasked(path) {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
