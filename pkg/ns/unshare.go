package ns

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Unshare is a program to be run in new namespaces. The fields are the options of unshare(1), and mean the same.
type Unshare struct {
	// Kinds are the namespaces to be made. [Unshare.Needs] adds those that other fields need.
	Kinds Set

	// Fork (-f) makes the program a child that is born in the namespaces. It matters for [PID], which a process cannot
	// change for itself: with Fork the program is PID 1 of the new namespace; without, it stays in the old one, its
	// first child is PID 1, and when that ends no more can be made.
	Fork bool

	// MountProc is where to mount a proc of the new PID namespace: "/proc", or "" for not at all. Needs a mount namespace.
	MountProc string

	// Map says who the program is in a new user namespace.
	Map Mapping

	// UID and GID are the ids to take on (-S, -G), as seen inside; nil keeps what there is. A GID drops the
	// supplementary groups.
	UID, GID *uint32

	// Propagation of the mounts in a new mount namespace: "private" (and ""), "slave", "shared" or "unchanged".
	Propagation string

	// Hostname is set in the new UTS namespace; "" leaves it.
	Hostname string

	// Monotonic and Boottime are added to these two clocks in the new time namespace; 0 adds nothing.
	// Kernel: /proc/PID/timens_offsets.
	Monotonic, Boottime time.Duration

	// Keep names files on which to bind-mount namespaces, so that they live on without a process (--net=FILE). A file
	// that is not there is made. See [Release]. A mount namespace wants a file on a private mount, and a PID
	// namespace wants Fork.
	Keep map[Set]string

	Root string // new root directory (chroot); "" keeps the old one
	Wd   string // working directory, in the new root; "" keeps the old one

	// KillChild makes the kernel send the program SIGKILL when the thread that called Start ends. Call Start from a
	// thread that lives as long as the program should.
	KillChild bool

	Args []string // program and arguments; without a slash it is looked for along the PATH of Env
	Env  []string // environment; nil is empty

	Stdin, Stdout, Stderr *os.File // nil leaves the caller's
}

// Needs returns Kinds and the kinds that the other fields bring with them: Map a user, MountProc a mount, the clocks a
// time namespace, and Keep those that it keeps.
func (u Unshare) Needs() Set {
	set := u.Kinds
	if u.Map.wanted() {
		set |= User
	}
	if u.MountProc != "" {
		set |= Mount
	}
	if u.Monotonic != 0 || u.Boottime != 0 {
		set |= Time
	}
	for kind := range u.Keep {
		set |= kind
	}
	return set
}

// Check says in one sentence what is wrong, before any call is made.
func (u Unshare) Check() error {
	set := u.Needs()
	switch {
	case len(u.Args) == 0 || u.Args[0] == "":
		return errors.New("unshare: no program given")
	case set&^All != 0:
		return fmt.Errorf("unshare: flags %#x are no kind of namespace", uintptr(set&^All))
	case u.Hostname != "" && !set.Has(UTS):
		return errors.New("unshare: setting the host name needs a UTS namespace (-u), or it would be the host's")
	case len(u.Hostname) > 64:
		return fmt.Errorf("unshare: the host name has %d bytes, and the kernel takes 64", len(u.Hostname))
	case u.Keep[PID] != "" && !u.Fork:
		return errors.New("unshare: keeping a PID namespace needs a process in it (--fork)")
	}
	if _, err := propagation(u.Propagation); err != nil {
		return err
	}
	for kind := range u.Keep {
		if _, err := kind.one(); err != nil {
			return err
		}
	}
	return checkStrings(append([]string{u.MountProc, u.Hostname, u.Root, u.Wd}, append(u.Args, u.Env...)...))
}

// propagation translates the word that unshare(1) takes.
func propagation(word string) (uintptr, error) {
	switch word {
	case "", "private":
		return unix.MS_REC | unix.MS_PRIVATE, nil
	case "slave":
		return unix.MS_REC | unix.MS_SLAVE, nil
	case "shared":
		return unix.MS_REC | unix.MS_SHARED, nil
	case "unchanged":
		return 0, nil
	}
	return 0, fmt.Errorf("unshare: propagation %q: want private, slave, shared or unchanged", word)
}

func checkStrings(list []string) error {
	for _, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("%q has a NUL byte, at which the kernel would cut it off", s)
		}
	}
	return nil
}

// kept returns the kinds of Keep in a fixed order.
func (u Unshare) kept() []Kind {
	var list []Kind
	for kind := range u.Keep {
		if k, err := kind.one(); err == nil {
			list = append(list, k)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Flag.index() < list[j].Flag.index() })
	return list
}

// Start starts the program; the caller waits for it and closes the child.
//
// Kernel: clone3(2) with CLONE_NEW* flags (Fork) or unshare(2) in the child, then [Unshare.Ops]. Every kind but User
// needs CAP_SYS_ADMIN, which a new user namespace made in the same call gives. The error is Check's, or a *kernel.Error
// that says which call failed; the program has not begun then, and nothing is kept.
func (u Unshare) Start() (*kernel.Child, error) {
	if err := u.Check(); err != nil {
		return nil, err
	}
	closeStreams, err := kernel.StreamsApart(&u.Stdin, &u.Stdout, &u.Stderr)
	if err != nil {
		return nil, err
	}
	defer closeStreams()
	return u.start()
}
