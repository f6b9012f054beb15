package cgroup

import (
	"os"
	"slices"
	"strings"
)

// File is one file of a group, with what it says.
type File struct {
	Word
	Version int    // which of the two names is the one here: 1 or 2
	Path    string // the file
	Text    string // its content, without the newline at the end
}

// Files reads the group's files, as far as [Words] knows and the kernel has them, in the order of Words. Those that can only
// be written to are left out.
//
// Kernel: read(2) of each. A file that cannot be read is passed over; a group that is gone has none.
func (g *Group) Files() []File {
	var list []File
	for _, w := range Words {
		if f, ok := g.file(w); ok {
			list = append(list, f)
		}
	}
	return list
}

// file finds the file for a word. What a v1 tree has comes first: on a hybrid machine the v2 tree has the words without a
// controller too, but nothing is limited there.
func (g *Group) file(w Word) (File, bool) {
	for _, version := range [...]int{1, 2} {
		name := w.V1
		if version == 2 {
			name = w.V2
		}
		for i := range g.seats {
			s := &g.seats[i]
			if s.tree.Version != version || name == "-" || !s.tree.of(name) {
				continue
			}
			if data, err := os.ReadFile(s.dir + "/" + name); err == nil {
				return File{w, version, s.dir + "/" + name, strings.TrimRight(string(data), "\n")}, true
			}
		}
	}
	return File{}, false
}

// of says whether a file can be in a tree: that of a controller in the controller's, and cgroup.procs and tasks in every one.
func (h *Hierarchy) of(file string) bool {
	controller, _, _ := strings.Cut(file, ".")
	return h.Version == 2 || controller == "cgroup" || controller == "tasks" || slices.Contains(h.Controllers, controller)
}

// Number returns the limit or figure that the file's text begins with; [Unlimited] for "max", for v1's quota of -1 and for
// the number that v1 has for no memory limit. False where it does not begin with one.
func (f File) Number() (uint64, bool) {
	word, _, _ := strings.Cut(f.Text, " ")
	return parseLimit(word)
}
