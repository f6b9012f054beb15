package cgroup

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Group is one named group, in all the trees that it needs. It is a name, not a handle: nothing is open, and two
// Groups of the same path are the same group.
type Group struct {
	Path string // below the top of each tree: "lab/web"

	machine *Machine
	limits  Limits
	seats   []seat
	err     error // why the path or the limits cannot be
}

// seat is the group in one tree.
type seat struct {
	tree *Hierarchy
	dir  string   // the group's directory
	use  []string // the tree's controllers that the group uses, by v1's names; of v2, what must be enabled
}

// has says whether the seat is where the group has a controller.
func (s *seat) has(controller string) bool { return slices.Contains(s.use, controller) }

// defaults are the controllers that every group gets where they exist: they cost little, and limits, figures, a freeze and
// device rules can be had later without moving anybody.
var defaults = [...]string{"cpu", "cpuacct", "memory", "pids", "devices", "freezer"}

// Group decides in which trees a group named path sits. It makes nothing and asks nothing of the kernel.
//
// Always used, where they exist: cpu, cpuacct, memory, pids, devices, freezer; of v2 io too, which costs no call there and counts
// what disks do. Only when limits ask for them: cpuset, hugetlb, and v1's blkio: a directory more, a task to be moved there, and a
// mount in the container are eight calls of a start. A limit without a controller, or a bad path, becomes an error of [Group.CreateOps], [Group.Create] and
// [Group.Set]. Named v1 trees (systemd's) are never used.
//
// On a hybrid machine the group also gets a seat in the v2 tree, even where no controller sits there: for cgroup.kill, which
// ends all members at once.
func (m *Machine) Group(path string, l Limits) *Group {
	path = strings.TrimPrefix(path, "/")
	g := &Group{Path: path, machine: m, limits: l}
	if g.err = cleanPath(path); g.err != nil {
		return g
	}
	for _, c := range defaults {
		g.use(c)
	}
	for _, c := range l.needs() {
		if !g.use(c) && g.err == nil {
			g.err = &MissingController{Name: c, Mode: m.Mode}
		}
	}
	if h := m.Where("blkio"); h != nil && h.Version == 2 {
		g.use("blkio")
	}
	if h := m.v2(); h != nil && g.seat(h) == nil {
		g.seats = append(g.seats, seat{tree: h, dir: h.Dir + h.Base + "/" + path})
	}
	if g.err == nil {
		g.err = l.wellFormed(m.Mode)
	}
	return g
}

// use gives the group a controller; false when the machine has none.
func (g *Group) use(controller string) bool {
	h := g.machine.Where(controller)
	if h == nil {
		return false
	}
	s := g.seat(h)
	if s == nil {
		g.seats = append(g.seats, seat{tree: h, dir: h.Dir + h.Base + "/" + g.Path})
		s = &g.seats[len(g.seats)-1]
	}
	if !s.has(controller) {
		s.use = append(s.use, controller)
	}
	return true
}

func (g *Group) seat(h *Hierarchy) *seat {
	for i := range g.seats {
		if g.seats[i].tree == h {
			return &g.seats[i]
		}
	}
	return nil
}

// in returns the seat that has a controller, or nil.
func (g *Group) in(controller string) *seat {
	for i := range g.seats {
		if g.seats[i].has(controller) {
			return &g.seats[i]
		}
	}
	return nil
}

// v2 returns the group's seat in the v2 tree, or nil.
func (g *Group) v2() *seat {
	for i := range g.seats {
		if g.seats[i].tree.Version == 2 {
			return &g.seats[i]
		}
	}
	return nil
}

// Dir returns the group's directory in the v2 tree, to be opened for CLONE_INTO_CGROUP (kernel.Start.Cgroup); "" on a
// machine with v1 only.
func (g *Group) Dir() string {
	if s := g.v2(); s != nil {
		return s.dir
	}
	return ""
}

// Dirs returns the group's directory in every tree where it sits.
func (g *Group) Dirs() []string {
	list := make([]string, len(g.seats))
	for i, s := range g.seats {
		list[i] = s.dir
	}
	return list
}

// DirOf returns the group's directory where a controller sits, or "".
func (g *Group) DirOf(controller string) string {
	if controller == "io" {
		controller = "blkio"
	}
	if s := g.in(controller); s != nil {
		return s.dir
	}
	return ""
}

// Writable says whether the caller may make the group: access(2) of every tree. A user without a delegated group may not.
func (g *Group) Writable() bool {
	for _, s := range g.seats {
		if unix.Access(s.tree.Dir+s.tree.Base, unix.W_OK) != nil {
			return false
		}
	}
	return len(g.seats) > 0
}

// Check says whether the group can be made: its path, the form of its limits, and the controllers that they need.
func (g *Group) Check() error { return g.err }

// cleanPath refuses what would leave the subtree, or hide a second line in a name.
func cleanPath(path string) error {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" && path == "" {
			return fmt.Errorf("a group needs a name")
		}
		if name == "" || name == "." || name == ".." || len(name) > 255 || strings.ContainsAny(name, "\n\x00") {
			return fmt.Errorf("group %q: a path of plain names is wanted, such as lab/web", path)
		}
	}
	return nil
}
