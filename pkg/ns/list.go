package ns

import (
	"cmp"
	"slices"
)

// Namespace is one namespace that something holds.
type Namespace struct {
	Kind Kind
	ID   ID

	// Processes counts the processes in it; PID is the lowest of them, with its command and the uid that it runs as. All
	// are zero for a namespace that no process is in.
	Processes int
	PID       int
	Command   string
	UID       uint32

	// Owner is the user namespace whose root has rights over it, and Parent the parent of a user or PID
	// namespace. The zero ID: above our own, or not to be found out without privileges.
	Owner, Parent ID

	// Holders are what keeps it alive, processes left out.
	Holders []Holder
}

// HolderKind is a way of keeping a namespace alive.
type HolderKind string

// What else than a process in it keeps a namespace alive; see "Namespace lifetime" in namespaces(7).
const (
	HeldByThread   HolderKind = "thread"   // a thread that is not where its process is
	HeldByFile     HolderKind = "fd"       // an open file descriptor
	HeldByMount    HolderKind = "mount"    // a bind mount of its file
	HeldByChildren HolderKind = "children" // it is where a process's next children will be
	HeldAsParent   HolderKind = "parent"   // a user or PID namespace below it
	HeldAsOwner    HolderKind = "owner"    // a namespace that this user namespace owns
)

// Holder is one thing that keeps a namespace alive.
type Holder struct {
	Kind HolderKind
	PID  int    // the process, or one that sees the mount; 0 for a namespace as holder
	TID  int    // the thread, for a thread
	FD   int    // the descriptor, for a file
	Path string // the mount point as PID sees it, for a mount
	ID   ID     // the namespace, for a parent or an owner
}

// Listing is what there was at one moment, as far as we may look.
type Listing struct {
	// Namespaces in the order of lsns(8): by kind, then by lowest process, those without a process last.
	Namespaces []*Namespace

	// Processes says of each process what namespaces it is in.
	Processes []Process

	// Unreadable counts the processes whose namespaces we may not see (EACCES).
	Unreadable int
}

// Process is where one process is.
type Process struct {
	PID int
	ids [len(kinds)]uint64
	dev uint64
}

// ID returns the process's namespace of one kind; the zero ID for what a dying process has left already.
func (p Process) ID(kind Set) ID {
	if i := kind.index(); i >= 0 && p.ids[i] != 0 {
		return ID{Dev: p.dev, Ino: p.ids[i]}
	}
	return ID{}
}

// Scan says how closely [Scan.List] is to look.
type Scan struct {
	Kinds Set // 0 is all

	// Processes looks at processes only. It does not find namespaces that are held by a thread, a descriptor or a mount
	// alone, nor owners and parents.
	Processes bool
}

// List finds the namespaces of the machine, as lsns(8) does, and those that lsns does not see: held by a thread, an open
// descriptor, a mount, or as a parent.
//
// Kernel: /proc/PID/ns, /proc/PID/task, /proc/PID/fd, /proc/PID/mountinfo, and ioctl_ns(2). Any user may call it, and
// sees its own processes; root sees all. Processes that end meanwhile are left out.
func List() (*Listing, error) { return Scan{}.List() }

// List is the package's List with options.
func (s Scan) List() (*Listing, error) {
	if s.Kinds == 0 {
		s.Kinds = All
	}
	sc, err := newScanner(s)
	if err != nil {
		return nil, err
	}
	defer sc.close()
	if err := sc.processes(); err != nil {
		return nil, err
	}
	if !s.Processes {
		sc.mounts()
		sc.relatives()
	}
	sc.describe()
	return sc.result(), nil
}

// Find returns the namespace with an inode number, or nil.
func (l *Listing) Find(ino uint64) *Namespace {
	for _, n := range l.Namespaces {
		if n.ID.Ino == ino {
			return n
		}
	}
	return nil
}

// In returns the ids of the processes that are in a namespace, in order.
func (l *Listing) In(n *Namespace) []int {
	var pids []int
	for _, p := range l.Processes {
		if p.ID(n.Kind.Flag) == n.ID {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

func sortNamespaces(list []*Namespace) {
	slices.SortFunc(list, func(a, b *Namespace) int {
		return cmp.Or(
			cmp.Compare(a.Kind.Flag.index(), b.Kind.Flag.index()),
			cmp.Compare(uint(a.PID-1), uint(b.PID-1)), // no process, 0, goes last
			cmp.Compare(a.ID.Ino, b.ID.Ino),
		)
	})
}
