package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Mode says which version of control groups a machine has mounted.
type Mode int

// The four kinds of machine.
const (
	None   Mode = iota // no control groups mounted at all
	V1                 // one tree per controller
	V2                 // one tree for all
	Hybrid             // both: controllers sit in v1 trees, the v2 tree has what is left
)

func (m Mode) String() string {
	return [...]string{"none", "v1", "v2", "hybrid"}[m]
}

// Hierarchy is one mounted tree of groups.
type Hierarchy struct {
	Version int    // 1 or 2
	Dir     string // mount point: "/sys/fs/cgroup/cpu,cpuacct"

	// Controllers that sit in the tree, by the names of their version: v1's blkio is v2's io.
	Controllers []string

	Name string // of a v1 tree without controllers: "systemd"
	Own  string // this process's group in it, below Dir: "/user.slice"; "/" is the top

	// Base is where the groups of this package begin, below Dir: "" is the top. It is Own in a v2 tree
	// whose top this user may not write to, but whose Own was delegated to them.
	Base string
}

// Machine is what control groups look like here: which trees are mounted, and which controller sits in which.
type Machine struct {
	Mode        Mode
	Hierarchies []Hierarchy
}

// Detect looks at what is mounted. It is cheap enough to be called at every start of a container, and
// needs no privilege. A machine without control groups is not an error: its Mode is [None].
//
// Kernel: /proc/self/mountinfo (proc_pid_mountinfo(5)), /proc/self/cgroup (cgroups(7)), and the v2 tree's
// cgroup.controllers.
func Detect() (*Machine, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("find the mounted control groups: %w", err)
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("find this process's control groups: %w", err)
	}
	m := Parse(mounts, own)
	if err := m.lookAtV2(); err != nil {
		return nil, err
	}
	return m, nil
}

// lookAtV2 finds what the mount table does not tell: the v2 tree's controllers, and where we may write.
func (m *Machine) lookAtV2() error {
	h := m.v2()
	if h == nil {
		return nil
	}
	if h.Own != "/" && unix.Access(h.Dir, unix.W_OK) != nil && unix.Access(h.Dir+h.Own, unix.W_OK) == nil {
		h.Base = h.Own
	}
	list, err := os.ReadFile(h.Dir + h.Base + "/cgroup.controllers")
	if err != nil {
		return fmt.Errorf("find the controllers of cgroup v2: %w", err)
	}
	for word := range bytes.FieldsSeq(list) {
		h.Controllers = append(h.Controllers, string(word))
	}
	return nil
}

// Has says whether a controller can be used here, by its v1 or its v2 name. What v2 has built in counts: cpuacct
// (cpu.stat), freezer (cgroup.freeze) and devices (a BPF program).
func (m *Machine) Has(controller string) bool { return m.Where(controller) != nil }

// Where returns the tree in which a controller sits, or nil. On a hybrid machine the v1 tree comes first: a
// controller is in one of the two only, but what v2 has built in is in both.
func (m *Machine) Where(controller string) *Hierarchy {
	one, two := controller, controller
	if controller == "io" || controller == "blkio" {
		one, two = "blkio", "io"
	}
	for i := range m.Hierarchies {
		if h := &m.Hierarchies[i]; h.Version == 1 && slices.Contains(h.Controllers, one) {
			return h
		}
	}
	h := m.v2()
	if h != nil && (builtIn(two) || slices.Contains(h.Controllers, two)) {
		return h
	}
	return nil
}

// builtIn names the v1 controllers that every group of v2 has without asking for them.
func builtIn(controller string) bool {
	return controller == "cpuacct" || controller == "freezer" || controller == "devices"
}

// v2 returns the v2 tree, or nil.
func (m *Machine) v2() *Hierarchy {
	for i := range m.Hierarchies {
		if m.Hierarchies[i].Version == 2 {
			return &m.Hierarchies[i]
		}
	}
	return nil
}
