package course

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

// seat is a group in one tree.
type seat struct {
	path       string // "/lab-course/030-cgroups/demo", as sentences have it
	dir        string
	version    int
	controller string
}

// seatOf finds the group's directory. Without a controller it is in the first tree that has such a group.
func seatOf(m *cgroup.Machine, path, controller string) (seat, Finding) {
	s := seat{path: "/" + path, controller: controller}
	if controller != "" {
		h := m.Where(controller)
		if h == nil {
			return s, no("this machine has no controller "+controller, "a group of it").at("`lab doctor`")
		}
		s.dir, s.version = h.Dir+h.Base+"/"+path, h.Version
		return s, yes()
	}
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if h.Name != "" {
			continue
		}
		if dir := h.Dir + h.Base + "/" + path; s.dir == "" || exists(dir) && !exists(s.dir) {
			s.dir, s.version = dir, h.Version
		}
	}
	if s.dir == "" {
		return s, no("no control groups are mounted here", "a group").at("`findmnt -t cgroup,cgroup2`")
	}
	return s, yes()
}

func (s seat) read(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, file))
	return strings.TrimSpace(string(text)), err
}

// unread says why a file of a group is not there, which on v2 is nearly always one reason.
func (s seat) unread(file string, err error) Finding {
	f := cannot(file+" of the group "+s.path, err)
	if os.IsNotExist(err) {
		f = no(fmt.Sprintf("the group %s has no file %s", s.path, file), "it").at("`ls " + s.dir + "`")
		if s.version == 2 {
			f.Advice = "On v2 a group has a controller's files only where the group above says +" + strings.Replace(s.controller, "blkio", "io", 1) + " in cgroup.subtree_control."
		}
	}
	return f
}
