package container

import (
	"strings"

	"golang.org/x/sys/unix"
)

// mountSettings are mount options as the kernel takes them: flags for mount(2), attributes for mount_setattr(2), and what
// is left, for the file system itself.
type mountSettings struct {
	flags uintptr
	attr  uint64
	data  string
}

// parseMountOptions splits options as in fstab(5) and the OCI specification.
func parseMountOptions(options []string) mountSettings {
	var s mountSettings
	var data []string
	for _, o := range options {
		if !s.set(o) {
			data = append(data, o)
		}
	}
	s.data = strings.Join(data, ",")
	return s
}

func (s *mountSettings) set(option string) bool {
	for i := range mountOptions {
		o := &mountOptions[i]
		if o.name == option {
			if o.clear {
				s.flags &^= o.flag
				s.attr &^= o.attr
			} else {
				s.flags |= o.flag
				s.attr |= o.attr
			}
			return true
		}
	}
	return false
}

var mountOptions = [...]struct {
	name  string
	clear bool
	flag  uintptr
	attr  uint64
}{
	{"ro", false, unix.MS_RDONLY, unix.MOUNT_ATTR_RDONLY},
	{"rw", true, unix.MS_RDONLY, unix.MOUNT_ATTR_RDONLY},
	{"nosuid", false, unix.MS_NOSUID, unix.MOUNT_ATTR_NOSUID},
	{"suid", true, unix.MS_NOSUID, unix.MOUNT_ATTR_NOSUID},
	{"nodev", false, unix.MS_NODEV, unix.MOUNT_ATTR_NODEV},
	{"dev", true, unix.MS_NODEV, unix.MOUNT_ATTR_NODEV},
	{"noexec", false, unix.MS_NOEXEC, unix.MOUNT_ATTR_NOEXEC},
	{"exec", true, unix.MS_NOEXEC, unix.MOUNT_ATTR_NOEXEC},
	{"sync", false, unix.MS_SYNCHRONOUS, 0},
	{"async", true, unix.MS_SYNCHRONOUS, 0},
	{"noatime", false, unix.MS_NOATIME, 0},
	{"relatime", false, unix.MS_RELATIME, 0},
	{"strictatime", false, unix.MS_STRICTATIME, 0},
	{"bind", false, unix.MS_BIND, 0},
	{"rbind", false, unix.MS_BIND | unix.MS_REC, 0},
	{"private", false, 0, 0},
	{"rprivate", false, 0, 0},
	{"slave", false, 0, 0},
	{"rslave", false, 0, 0},
	{"defaults", false, 0, 0},
	{"z", false, 0, 0},
	{"Z", false, 0, 0},
}
