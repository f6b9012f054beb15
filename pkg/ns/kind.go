package ns

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Set is a set of kinds of namespaces, as the CLONE_NEW* flags that the kernel takes.
type Set uintptr

// The eight kinds. Each is a set of one.
const (
	Mount  Set = unix.CLONE_NEWNS
	UTS    Set = unix.CLONE_NEWUTS
	IPC    Set = unix.CLONE_NEWIPC
	Net    Set = unix.CLONE_NEWNET
	PID    Set = unix.CLONE_NEWPID
	User   Set = unix.CLONE_NEWUSER
	Cgroup Set = unix.CLONE_NEWCGROUP
	Time   Set = unix.CLONE_NEWTIME

	// All is every kind.
	All = Mount | UTS | IPC | Net | PID | User | Cgroup | Time
)

// Kind describes one kind of namespace.
type Kind struct {
	Name     string // as in /proc/PID/ns and in lsns(8): "net"
	Flag     Set    // "CLONE_NEWNET"
	Option   byte   // short option of unshare(1) and nsenter(1): 'n'
	Long     string // long option: "net"
	Children string // link in /proc/PID/ns to what new children will be in, where that may differ; else ""
	Isolates string // what a process in it has for itself
	Since    string // the kernel that brought it
	Man      string
}

// kinds is in the order in which lsns(8) and the manual pages tell them.
var kinds = [...]Kind{
	{"mnt", Mount, 'm', "mount", "", "mount points", "2.4.19", "mount_namespaces(7)"},
	{"uts", UTS, 'u', "uts", "", "host name and NIS domain name", "2.6.19", "uts_namespaces(7)"},
	{"ipc", IPC, 'i', "ipc", "", "System V IPC, POSIX message queues", "2.6.19", "ipc_namespaces(7)"},
	{"net", Net, 'n', "net", "", "network devices, addresses, routes, ports, firewall", "2.6.29", "network_namespaces(7)"},
	{"pid", PID, 'p', "pid", "pid_for_children", "process ids", "2.6.24", "pid_namespaces(7)"},
	{"user", User, 'U', "user", "", "user and group ids, capabilities", "3.8", "user_namespaces(7)"},
	{"cgroup", Cgroup, 'C', "cgroup", "", "the cgroup that is shown as the root", "4.6", "cgroup_namespaces(7)"},
	{"time", Time, 'T', "time", "time_for_children", "the monotonic and boot-time clocks", "5.6", "time_namespaces(7)"},
}

// Kinds returns all eight kinds.
func Kinds() []Kind { return All.Kinds() }

// Kinds returns the members of the set in the order of the table.
func (s Set) Kinds() []Kind {
	list := make([]Kind, 0, len(kinds))
	for _, k := range kinds {
		if s&k.Flag != 0 {
			list = append(list, k)
		}
	}
	return list
}

// Has says whether s has all of other.
func (s Set) Has(other Set) bool { return s&other == other }

// String returns the names with commas: "mnt,uts".
func (s Set) String() string {
	var names []string
	for _, k := range s.Kinds() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ",")
}

// Parse reads one kind by its name in /proc ("mnt") or its long option ("mount").
func Parse(name string) (Set, error) {
	for _, k := range kinds {
		if name == k.Name || name == k.Long {
			return k.Flag, nil
		}
	}
	return 0, fmt.Errorf("namespace kind %q: want one of %s", name, All)
}

// known says whether the running kernel has this kind.
func (k Kind) known() bool { return unix.Access("/proc/self/ns/"+k.Name, unix.F_OK) == nil }

// index is a kind's place in the table.
func (s Set) index() int {
	for i := range kinds {
		if kinds[i].Flag == s {
			return i
		}
	}
	return -1
}

// one returns the kind of a set of one.
func (s Set) one() (Kind, error) {
	if i := s.index(); i >= 0 {
		return kinds[i], nil
	}
	return Kind{}, fmt.Errorf("namespace kind %q: want exactly one", s)
}
