package container

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// ErrSelf is returned by Start when the container's program turned out to be lab's own file on the host.
var ErrSelf = errors.New("the image's program is a link to lab itself, on the host: refused, and killed before it ran")

// refuseSelf looks at what the new process has executed. Until its execve it was a copy of lab, so an image whose program is
// /proc/self/exe, or a script with that as its interpreter, names the host's lab: as root in a container it could open
// that file, and wait for a moment to overwrite it (the class of CVE-2019-5736). The Go runtime of such a program takes longer to
// start than this look. A lab that was mounted into the container on purpose is on another mount.
func refuseSelf(child *kernel.Child) error {
	for range 1000 {
		if !isSelf(child.PID) {
			return nil
		}
		if executed(child.PID) {
			break
		}
		time.Sleep(time.Millisecond) // it is the copy still, and runs nothing of the image; an emulated machine showed it so
	}
	_ = child.Signal(unix.SIGKILL)
	_ = child.Close() // first: a process between waits for lab's word
	_, _, _ = child.Wait()
	return ErrSelf
}

// isSelf says whether a process runs the file that this one runs, by the same mount.
func isSelf(pid int) bool {
	var own, its unix.Statx_t
	const mask = unix.STATX_INO | unix.STATX_MNT_ID
	if unix.Statx(unix.AT_FDCWD, "/proc/self/exe", 0, mask, &own) != nil {
		return false // no /proc here
	}
	if unix.Statx(unix.AT_FDCWD, fmt.Sprintf("/proc/%d/exe", pid), 0, mask, &its) != nil {
		return false // it has ended already
	}
	return own.Ino == its.Ino && own.Dev_major == its.Dev_major && own.Dev_minor == its.Dev_minor && own.Mnt_id == its.Mnt_id
}

// executed says whether a process has executed anything since it was forked. One that has ended has.
func executed(pid int) bool {
	p, err := ReadProcess(pid)
	return err != nil || p.Ended || p.Executed
}
