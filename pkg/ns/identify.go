package ns

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ID is the identity of a namespace: the device and inode number of its file. Two processes are in one namespace
// exactly when the IDs are equal.
type ID struct {
	Dev uint64 // of the kernel's internal file system nsfs, the same for all
	Ino uint64 // the number in "net:[4026531840]"
}

// Of returns the identity of the namespace of one kind that a process is in. pid may be a thread's id; 0 is the
// calling thread.
//
// Kernel: stat(2) of /proc/PID/ns/NAME; see namespaces(7). Needs the right to ptrace(2) the process to look, else
// EACCES; ENOENT when there is no such process.
func Of(pid int, kind Set) (ID, error) {
	k, err := kind.one()
	if err != nil {
		return ID{}, err
	}
	id, err := OfFile(procPath(pid, "ns/"+k.Name))
	if err != nil {
		return ID{}, fmt.Errorf("look up the %s namespace of process %d: %w", k.Name, pid, unwrapPath(err))
	}
	return id, nil
}

// OfFile returns the identity of the namespace behind a path: a link in /proc/PID/ns or a bind mount of one.
func OfFile(path string) (ID, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return ID{}, &os.PathError{Op: "look up the namespace", Path: path, Err: err}
	}
	return ID{Dev: uint64(st.Dev), Ino: st.Ino}, nil
}

// Same says whether two processes share the namespace of one kind.
func Same(a, b int, kind Set) (bool, error) {
	left, err := Of(a, kind)
	if err != nil {
		return false, err
	}
	right, err := Of(b, kind)
	return left == right, err
}

// KindOf returns the kind of the namespace that an open descriptor refers to; see NS_GET_NSTYPE in ioctl_ns(2). A
// descriptor of anything else is ENOTTY.
func KindOf(fd int) (Kind, error) {
	flag, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE)
	if err != nil {
		return Kind{}, err
	}
	return Set(flag).one()
}

func procPath(pid int, name string) string {
	if pid == 0 {
		return "/proc/thread-self/" + name
	}
	return "/proc/" + strconv.Itoa(pid) + "/" + name
}

// parseLink reads what readlink(2) says of a link in /proc/PID/ns or of an open namespace: "net:[4026531840]".
func parseLink(link string) (kind Set, ino uint64, ok bool) {
	name, rest, found := strings.Cut(link, ":[")
	digits, closed := strings.CutSuffix(rest, "]")
	if !found || !closed {
		return 0, 0, false
	}
	ino, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	for _, k := range kinds {
		if k.Name == name || k.Children == name {
			return k.Flag, ino, true
		}
	}
	return 0, 0, false
}

// unwrapPath drops the path of a PathError whose message would say it twice.
func unwrapPath(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}
