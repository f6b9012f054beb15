package unionfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A layer is an overlay's directory opened for reading. All names are looked up below it: os.Root leaves no link a way out,
// also while a container is changing the directory.
type layer struct {
	root *os.Root
	dir  string // as the caller named it
}

func openLayers(dirs ...string) ([]*layer, error) {
	var layers []*layer
	for _, dir := range dirs {
		root, err := os.OpenRoot(dir)
		if err != nil {
			closeLayers(layers)
			return nil, fmt.Errorf("open layer %s: %w", dir, err)
		}
		layers = append(layers, &layer{root, dir})
	}
	return layers, nil
}

func closeLayers(layers []*layer) {
	for _, l := range layers {
		l.root.Close()
	}
}

// name is one name in one layer's directory.
type name struct {
	layer    *layer
	path     string // from the layer's root
	mode     fs.FileMode
	whiteout bool
}

// read returns the names in a directory of the layer, sorted, and the directory's marks.
func (l *layer) read(dir string) ([]name, marks, error) {
	f, err := l.root.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, marks{}, fmt.Errorf("read layer %s: %w", l.dir, err)
	}
	defer f.Close()
	m, err := readMarks(int(f.Fd()))
	if err != nil {
		return nil, m, fmt.Errorf("read attributes of %s in layer %s: %w", dir, l.dir, err)
	}
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, m, fmt.Errorf("read layer %s: %w", l.dir, err)
	}
	names := make([]name, 0, len(entries))
	for _, e := range entries {
		n := name{layer: l, path: path.Join(dir, e.Name()), mode: e.Type()}
		if n.mode&fs.ModeCharDevice != 0 { // the number is not in the directory
			fi, err := l.root.Lstat(n.path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, m, fmt.Errorf("read layer %s: %w", l.dir, err)
			}
			n.whiteout = IsWhiteout(fi)
		}
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b name) int { return strings.Compare(a.base(), b.base()) })
	return names, m, nil
}

func (n name) base() string { return path.Base(n.path) }

// merged is a directory of the union: what each layer that takes part has in it, topmost first.
type merged struct {
	path  string
	parts []part
}

type part struct {
	layer *layer
	names map[string]name
}

// readMerged reads the directory at p in the given layers, which all have it. The first that is opaque ends the list.
func readMerged(p string, layers []*layer) (*merged, error) {
	m := &merged{path: p}
	for _, l := range layers {
		names, marks, err := l.read(p)
		if err != nil {
			return nil, err
		}
		part := part{l, make(map[string]name, len(names))}
		for _, n := range names {
			part.names[n.base()] = n
		}
		m.parts = append(m.parts, part)
		if marks.opaque && p != "." { // on a layer's root overlayfs does not look for the mark
			break
		}
	}
	return m, nil
}

// bases returns all names that any part has, sorted.
func (m *merged) bases() []string {
	var all []string
	for _, p := range m.parts {
		for base := range p.names {
			all = append(all, base)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// look follows overlayfs's own lookup of one name (fs/overlayfs/namei.c, ovl_lookup): from the top, a whiteout ends it, anything but a directory is
// the answer, and a directory goes on collecting directories until something else is in the way.
func (m *merged) look(base string) found {
	var f found
	ended := false
	for _, p := range m.parts {
		n, ok := p.names[base]
		switch {
		case !ok:
		case ended:
			f.hidden = append(f.hidden, n)
		case n.whiteout:
			ended = true
			f.whiteout = n
		case n.mode.IsDir():
			f.shown = append(f.shown, n)
		case len(f.shown) > 0: // under a directory: hidden, with all below it
			ended = true
			f.hidden = append(f.hidden, n)
		default:
			ended = true
			f.shown = append(f.shown, n)
		}
	}
	return f
}

// found is the answer for one name. A file has one shown name, a directory one for each layer that is merged into it.
type found struct {
	shown    []name
	whiteout name   // layer is nil where there is none
	hidden   []name // below what ended the search
}

func (f found) layers() []*layer {
	var layers []*layer
	for _, n := range f.shown {
		layers = append(layers, n.layer)
	}
	return layers
}

func (f found) isDir() bool { return len(f.shown) > 0 && f.shown[0].mode.IsDir() }
