package image

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// RemoveOptions: the zero value refuses what another name or a container needs.
type RemoveOptions struct {
	Force bool // remove all names; an image of a stopped container loses its names but the container goes on

	// InUse names a container of the image, "" if there is none. One that runs cannot be overruled.
	InUse func(imageID string) (container string, running bool)
	// KeepLayer holds layers that a container stands on, whatever its image.
	KeepLayer func(diffID string) bool
}

// Removed is what rmi prints.
type Removed struct {
	Untagged []string // canonical names
	Deleted  []string // "sha256:…": the image, then its layers that nobody else has, topmost first
}

// Remove takes a name away, and the image with its last one. By id it takes
// the image with all names, which are to be of one repository unless forced. Layers
// go when no image, no pull on its way and no KeepLayer has them.
//
// The error wraps ErrNotFound, ErrReference, ErrAmbiguous or ErrConflict.
func (s *Store) Remove(ctx context.Context, name string, opt RemoveOptions) (*Removed, error) {
	img, err := s.Find(name)
	if err != nil {
		return nil, err
	}
	byName := len(img.Names)+len(img.RepoDigests) > 0
	removed := &Removed{}
	var dead []string
	err = s.update(ctx, func(x *index) error {
		names := x.names(img.ID)
		if err := mayRemove(img, name, names, byName, opt); err != nil {
			return err
		}
		removed.Untagged = namesToRemove(img, names, byName)
		if len(removed.Untagged) < len(names) {
			for _, n := range removed.Untagged {
				x.drop(n)
			}
			return nil
		}
		x.forget(img.ID)
		removed.Deleted = append(removed.Deleted, img.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(removed.Deleted) == 0 {
		return removed, nil
	}
	layers, dead, err := s.collect(ctx, opt.KeepLayer)
	slices.SortStableFunc(layers, func(a, b string) int { return slices.Index(img.DiffIDs, b) - slices.Index(img.DiffIDs, a) })
	removed.Deleted = append(removed.Deleted, layers...)
	for _, path := range dead {
		if rmErr := removeAll(path); err == nil && rmErr != nil {
			err = fmt.Errorf("remove layer: %w", rmErr)
		}
	}
	s.sweep()
	return removed, err
}

// namesToRemove: by name this one, and with the last tag of a repository the digests
// it was pulled under; by id all.
func namesToRemove(img *Image, names []string, byName bool) []string {
	if !byName {
		return names
	}
	gone := slices.Concat(img.Names, img.RepoDigests)
	tag := gone[0]
	repository := repositoryOf(tag)
	for _, n := range names {
		if n != tag && repositoryOf(n) == repository && !isDigestName(n) {
			return gone
		}
	}
	for _, n := range names {
		if n != tag && repositoryOf(n) == repository {
			gone = append(gone, n)
		}
	}
	return gone
}

func repositoryOf(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name
}

func mayRemove(img *Image, asked string, names []string, byName bool, opt RemoveOptions) error {
	if !byName && !opt.Force {
		var repositories []string
		for _, n := range names {
			repositories = append(repositories, repositoryOf(n))
		}
		slices.Sort(repositories)
		if len(slices.Compact(repositories)) > 1 {
			return fmt.Errorf("%w: image %s has names in several repositories (%s); remove them one by one, or force it",
				ErrConflict, ShortID(img.ID), strings.Join(shorten(names), ", "))
		}
	}
	if opt.InUse == nil || len(namesToRemove(img, names, byName)) < len(names) {
		return nil // only a name goes
	}
	container, running := opt.InUse(img.ID)
	switch {
	case container == "":
		return nil
	case running:
		return fmt.Errorf("%w: image %s is used by the running container %s; stop and remove it first", ErrConflict, asked, container)
	case !opt.Force:
		return fmt.Errorf("%w: image %s is used by the stopped container %s; remove it first, or force it", ErrConflict, asked, container)
	}
	return nil
}

func shorten(names []string) []string {
	short := make([]string, 0, len(names))
	for _, n := range names {
		if !isDigestName(n) {
			short = append(short, familiar(n))
		}
	}
	return short
}
