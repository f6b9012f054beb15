package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// oldest is the kernel that lab's README asks for: overlay with userxattr.
const oldestMajor, oldestMinor = 5, 11

func tryVersion(b *Bench) Finding {
	major, minor, err := parseRelease(b.Machine.Kernel)
	switch text := fmt.Sprintf("%s, lab wants %d.%d or newer", b.Machine.Kernel, oldestMajor, oldestMinor); {
	case err != nil:
		return failed(err)
	case major < oldestMajor || major == oldestMajor && minor < oldestMinor:
		return no(text)
	default:
		return yes(text)
	}
}

// parseRelease reads the front of "6.1.0-44-amd64" or "5.15.153.1-microsoft-standard-WSL2".
func parseRelease(release string) (major, minor int, err error) {
	first, rest, _ := strings.Cut(release, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(rest[:end])
	if err := errors.Join(err1, err2); err != nil || major < 0 {
		return 0, 0, fmt.Errorf("kernel release %q does not start with a version", release)
	}
	return major, minor, nil
}

// tryClone3 makes a child that does nothing. A kernel that is new enough and says that it does not know the call has it
// taken away by a seccomp filter: container engines do that.
func tryClone3(b *Bench) Finding {
	f := b.tried("", 0, nil)
	if major, minor, err := parseRelease(b.Machine.Kernel); withoutClone3(f.cause) && err == nil && (major > 5 || major == 5 && minor >= 3) {
		f.Text = "a seccomp filter takes it away: " + f.Text
		f.Mend = Mend{Any: "grep Seccomp /proc/$$/status    # 2: start this shell without the filter"}
	}
	return f
}

// tryPidfd asks after a child by its descriptor: it lives, and then it is dead.
func tryPidfd(b *Bench) Finding {
	return b.tried("", 0, func(bool) []kernel.Op {
		return []kernel.Op{kernel.Meet("be looked at through a pidfd", func(c *kernel.Child) error {
			fd, err := unix.PidfdOpen(c.PID, 0)
			if err != nil {
				return fmt.Errorf("open a pidfd: %w", err)
			}
			defer unix.Close(fd)
			if err := unix.PidfdSendSignal(fd, 0, nil, 0); err != nil {
				return fmt.Errorf("signal through a pidfd: %w", err)
			}
			return nil
		})}
	})
}

// tryOpenat2 opens a path that wants out of its root, and looks whether it stayed in.
func tryOpenat2(b *Bench) Finding {
	return b.tried("", 0, func(bool) []kernel.Op {
		const root kernel.Slot = 1
		how := unix.OpenHow{Flags: unix.O_PATH, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
		return []kernel.Op{
			kernel.Open("/", unix.O_PATH|unix.O_DIRECTORY, 0).Into(root).For("open a directory"),
			kernel.OpenAt2(root.Ref(), "../..", how).For("open a path inside a root"),
		}
	})
}

// tryMountAPI makes a mount that is attached nowhere, changes it, and attaches it.
func tryMountAPI(b *Bench) Finding {
	stage, err := stageDir()
	if err != nil {
		return failed(err)
	}
	return b.tried("", unix.CLONE_NEWNS, func(bool) []kernel.Op {
		const fs, made, copied kernel.Slot = 1, 2, 3
		readOnly := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
		return []kernel.Op{
			private(),
			kernel.Fsopen("tmpfs").Into(fs).For("configure a file system (fsopen)"),
			kernel.FsconfigCreate(fs.Ref()).For("make it (fsconfig)"),
			kernel.Fsmount(fs.Ref(), 0).Into(made).For("make a mount of it (fsmount)"),
			kernel.MoveMount(made.Ref(), "", kernel.AtCwd, stage, unix.MOVE_MOUNT_F_EMPTY_PATH).For("attach the mount (move_mount)"),
			kernel.OpenTree(kernel.AtCwd, stage, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(copied).For("copy a mount (open_tree)"),
			kernel.MountSetattr(copied.Ref(), "", unix.AT_EMPTY_PATH, readOnly).Ignoring(unix.ENOSYS).For("make it read-only (mount_setattr)"),
		}
	})
}
