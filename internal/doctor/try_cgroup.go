package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

func tryCgroupMode(b *Bench) Finding {
	m, err := cgroup.Detect()
	if err != nil {
		return failed(err)
	}
	switch m.Mode {
	case cgroup.None:
		return no("no control groups are mounted")
	case cgroup.Hybrid:
		return yes("hybrid: v1 trees, and v2 at " + m.Hierarchies[v2Of(m)].Dir)
	case cgroup.V2:
		return yes("v2 at " + m.Hierarchies[v2Of(m)].Dir)
	}
	return yes("v1")
}

// wholeV2 knows the machine's top group by its lack of a type.
func wholeV2(m *cgroup.Machine) bool {
	at := v2Of(m)
	return at >= 0 && !exists(m.Hierarchies[at].Dir+m.Hierarchies[at].Base, "cgroup.type")
}

func v2Of(m *cgroup.Machine) int {
	for i, h := range m.Hierarchies {
		if h.Version == 2 {
			return i
		}
	}
	return -1
}

// trial is a control group of the check's own.
type trial struct {
	tree   *cgroup.Hierarchy
	dir    string
	parent string // made for it, to be removed with it; "" if it was there
	path   string // dir below the tree's top, without its base
}

// makeGroup makes a group below the one that lab makes its own below. Nothing is switched on in the groups above.
func (b *Bench) makeGroup(tree *cgroup.Hierarchy) (*trial, error) {
	t := &trial{tree: tree}
	if parent := strings.Trim(b.Parent, "/"); parent != "" {
		t.path = parent + "/"
		dir := tree.Dir + tree.Base + "/" + parent
		_, err := kernel.Do(kernel.Mkdir(dir, 0o755).For("make the group above"))
		switch {
		case err == nil:
			t.parent = dir
		case !errors.Is(err, unix.EEXIST):
			return nil, err
		}
	}
	t.path += fmt.Sprintf(prefix+"%d", os.Getpid())
	t.dir = tree.Dir + tree.Base + "/" + t.path
	b.note(t.dir)
	if _, err := kernel.Do(kernel.Mkdir(t.dir, 0o755).For("make a control group")); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// groupless judges that no group can be made in a tree.
func (b *Bench) groupless(tree *cgroup.Hierarchy, err error) Finding {
	f := b.judge(false, err, "")
	if errors.Is(err, unix.EROFS) {
		f.Mend = Mend{Any: "sudo mount -o remount,rw " + tree.Dir}
	}
	return f
}

// remove takes the group away. A member that was just killed may hold it for a moment.
func (t *trial) remove() {
	for _, dir := range []string{t.dir, t.parent} {
		for end := time.Now().Add(Patience / 4); dir != ""; time.Sleep(2 * time.Millisecond) {
			_, err := kernel.Do(kernel.Rmdir(dir).For("remove the group"))
			if err == nil || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EROFS) || time.Now().After(end) {
				break
			}
		}
	}
}

// tryController finds where a controller sits, and sets a limit there in a group of its own. meaning is the limit's in
// cgroup.Words, and value what to write in v1 and in v2; "" writes back what the group above has.
func tryController(name, meaning, v1, v2 string) func(*Bench) Finding {
	return func(b *Bench) Finding {
		m, err := cgroup.Detect()
		if err != nil {
			return failed(err)
		}
		tree := m.Where(name)
		if tree == nil {
			return absent(m.Mode, name, readWord("/", "proc/cgroups"), wholeV2(m))
		}
		place := fmt.Sprintf("v%d, %s", tree.Version, tree.Dir+tree.Base)
		if tree.Version == 2 && !passedDown(tree, name) {
			return b.passable(tree, place)
		}
		group, err := b.makeGroup(tree)
		if err != nil {
			return b.groupless(tree, err)
		}
		defer group.remove()
		file, value := cgroup.Names(meaning)
		if tree.Version == 1 {
			value = v1
		} else {
			file, value = value, v2
			if err := group.passDown(name); err != nil {
				return b.judge(false, err, "")
			}
		}
		return b.judge(false, setLimit(group, file, value), place)
	}
}

// passDown has the v2 group between the top and ours hand on a controller, as lab has its own do. Without a group between
// it is the top's to hand on, which [passable] looks at; and what is built in needs no handing on.
func (t *trial) passDown(controller string) error {
	between := filepath.Dir(t.dir)
	if builtIn(controller) {
		return nil
	}
	if controller == "blkio" {
		controller = "io"
	}
	if between == filepath.Clean(t.tree.Dir+t.tree.Base) || slices.Contains(strings.Fields(readWord(between, "cgroup.subtree_control")), controller) {
		return nil
	}
	return kernel.DoAll(kernel.WriteFile(1, between+"/cgroup.subtree_control", "+"+controller))
}

// setLimit writes the file of a limit. Without a value it copies the one of the group above, or, where that has none to be
// copied, looks whether the file is there.
func setLimit(t *trial, file, value string) error {
	path := t.dir + "/" + file
	if value == "" {
		above, err := os.ReadFile(t.tree.Dir + t.tree.Base + "/" + file)
		if value = strings.TrimSpace(string(above)); err != nil || value == "" {
			_, err := os.Stat(path)
			return err
		}
	}
	// A v1 cpuset has nothing to give until it has been given something, and so has the group between ours and the top.
	between := filepath.Dir(t.dir) + "/" + file
	if text, err := os.ReadFile(between); err == nil && strings.HasPrefix(file, "cpuset.") && strings.TrimSpace(string(text)) == "" {
		if err := kernel.DoAll(kernel.WriteFile(1, between, value)); err != nil {
			return err
		}
	}
	return kernel.DoAll(kernel.WriteFile(1, path, value))
}

// builtIn says whether every v2 group has what v1 has a controller for, by cgroup.freeze, by BPF programs, by cpu.stat.
func builtIn(name string) bool { return name == "freezer" || name == "devices" || name == "cpuacct" }

// passedDown says whether groups below the top get the controller; some are built in and always do.
func passedDown(tree *cgroup.Hierarchy, name string) bool {
	if builtIn(name) {
		return true
	}
	if name == "blkio" {
		name = "io"
	}
	line := readWord(tree.Dir+tree.Base, "cgroup.subtree_control")
	for word := range strings.FieldsSeq(line) {
		if word == name {
			return true
		}
	}
	return false
}

// passable judges a v2 controller that is there and switched off for children. Switching it on would be felt by all groups of
// the machine, so it is not tried.
func (b *Bench) passable(tree *cgroup.Hierarchy, place string) Finding {
	top := tree.Dir + tree.Base
	members := readWord(top, "cgroup.procs")
	switch {
	case unix.Access(top+"/cgroup.subtree_control", unix.W_OK) != nil && !b.root:
		return unknown(needsRoot)
	case unix.Access(top+"/cgroup.subtree_control", unix.W_OK) != nil:
		return no("switched off for children at " + top + ", which is read-only")
	case members != "" && exists(top, "cgroup.type"): // only the machine's top is exempt, and has no type
		return no("switched off for children at " + top + ", and it has processes of its own, so that it stays off (EBUSY)")
	}
	return yes(place + "; lab switches it on when needed")
}
