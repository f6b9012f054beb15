package unionfs

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Entry is one name of a union: where it comes from and what it hides. [Show] returns one for each name that is seen, and one for each that is deleted.
type Entry struct {
	// Path is the name in the merged tree, starting with "/".
	Path string

	// Type is what is seen there: 0 for a regular file, else one of the type bits of [fs.FileMode].
	Type fs.FileMode

	// Layer is the directory that the name is seen from, as it was given to [Show]; for a deleted name the directory with the whiteout.
	Layer string

	// Deleted says that nothing is seen, because Layer has a whiteout. Hides are the files it deletes; none, if they are gone already.
	Deleted bool

	// Merged are the further layers, downwards, whose directory of this name is merged into this one.
	Merged []string

	// Opaque says that this directory hides the directories of the same name below it, though none of their names may be taken.
	Opaque bool

	// Hides are the layers below that have the name and are not seen, downwards; a whiteout below counts too.
	Hides []string
}

// String is a line for a listing: the path, where from, and what is hidden.
func (e Entry) String() string {
	var b strings.Builder
	b.WriteString(e.Path)
	if e.Type.IsDir() && !e.Deleted {
		b.WriteString("/")
	}
	if e.Deleted {
		fmt.Fprintf(&b, "\tdeleted by %s", e.Layer)
	} else {
		fmt.Fprintf(&b, "\tfrom %s", strings.Join(append([]string{e.Layer}, e.Merged...), " + "))
	}
	if e.Opaque {
		b.WriteString(", opaque")
	}
	if len(e.Hides) > 0 {
		fmt.Fprintf(&b, ", hides %s", strings.Join(e.Hides, ", "))
	}
	return b.String()
}

// Show explains the union of upper ("" for none) over lower, topmost first: for each name the layer it comes from, in the order of a
// listing (a directory, then what is in it). Nothing is mounted: the directories are read as overlayfs would read them, whiteouts and marks
// included. The root itself has no entry.
//
// Kernel: openat(2), getdents64(2), fgetxattr(2). Marks in trusted.overlay.* are seen with CAP_SYS_ADMIN only.
func Show(lower []string, upper string) ([]Entry, error) {
	layers, err := openUnion(lower, upper)
	if err != nil {
		return nil, err
	}
	defer closeLayers(layers)
	var s shower
	if err := s.dir(".", layers, nil); err != nil {
		return nil, err
	}
	return s.entries, nil
}

// openUnion opens what [Mount] would mount.
func openUnion(lower []string, upper string) ([]*layer, error) {
	lower, err := Visible(lower)
	if err != nil {
		return nil, err
	}
	if upper != "" {
		lower = append([]string{upper}, lower...)
	}
	return openLayers(lower...)
}

type shower struct{ entries []Entry }

// dir adds what is in the directory p, which the given layers have. The index of its own entry, if any, gets to know that it is opaque.
func (s *shower) dir(p string, layers []*layer, self *int) error {
	m, err := readMerged(p, layers)
	if err != nil {
		return err
	}
	if self != nil {
		s.cut(*self, m, layers)
	}
	for _, base := range m.bases() {
		f := m.look(base)
		full := path.Join(p, base)
		s.entries = append(s.entries, entry(full, f))
		if !f.isDir() {
			continue
		}
		i := len(s.entries) - 1
		if err := s.dir(full, f.layers(), &i); err != nil {
			return err
		}
	}
	return nil
}

// cut moves the layers below an opaque directory from Merged to Hides.
func (s *shower) cut(i int, m *merged, layers []*layer) {
	e := &s.entries[i]
	n := len(m.parts)
	if n == len(layers) {
		return
	}
	e.Opaque = n == 1
	e.Merged = e.Merged[:n-1]
	var hidden []string
	for _, l := range layers[n:] {
		hidden = append(hidden, l.dir)
	}
	e.Hides = append(hidden, e.Hides...)
}

func entry(full string, f found) Entry {
	e := Entry{Path: "/" + full}
	if len(f.shown) == 0 {
		e.Deleted, e.Layer = true, f.whiteout.layer.dir
	} else {
		e.Type, e.Layer = f.shown[0].mode.Type(), f.shown[0].layer.dir
		for _, n := range f.shown[1:] {
			e.Merged = append(e.Merged, n.layer.dir)
		}
		if f.whiteout.layer != nil { // a directory over a whiteout
			e.Hides = append(e.Hides, f.whiteout.layer.dir)
		}
	}
	for _, n := range f.hidden {
		e.Hides = append(e.Hides, n.layer.dir)
	}
	return e
}

// Names returns the paths that are seen, without the deleted ones.
func Names(entries []Entry) []string {
	entries = slices.Clone(entries)
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return e.Deleted })
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Path
	}
	return names
}
