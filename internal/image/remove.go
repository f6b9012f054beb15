package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// collect finds what no image has and takes it out of the way: records and blobs
// are removed, layers renamed to what sweep removes, so that the lock is short.
func (s *Store) collect(ctx context.Context, keep func(string) bool) (layers, dead []string, err error) {
	lock, err := s.lockIndex(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer lock.Close()
	live, err := s.live()
	if err != nil {
		return nil, nil, err
	}
	entries, err := os.ReadDir(s.path("layers"))
	if err != nil {
		return nil, nil, fmt.Errorf("list layers: %w", err)
	}
	for _, e := range entries {
		if len(e.Name()) != layerNameChars || live.layers[e.Name()] {
			continue
		}
		path := s.path("layers", e.Name())
		diffID := diffIDAt(path)
		if keep != nil && keep(diffID) {
			live.keepBlob(s, diffID)
			continue
		}
		grave := s.path("layers", "tmp-dead-"+e.Name())
		if err := os.Rename(path, grave); err != nil {
			return layers, dead, fmt.Errorf("remove layer: %w", err)
		}
		layers, dead = append(layers, diffID), append(dead, grave)
	}
	return layers, dead, errors.Join(
		removeUnless(s.path("blobs/sha256"), "", live.blobs),
		removeUnless(s.path("images"), ".json", live.images))
}

// diffIDAt reads the whole id of a layer; if that is lost, half of it must do.
func diffIDAt(path string) string {
	hex := path[strings.LastIndexByte(path, '/')+1:]
	data, err := os.ReadFile(path + "/layer.json")
	if err == nil {
		if i := strings.Index(string(data), digestPrefix+hex); i >= 0 && i+71 <= len(data) {
			return string(data[i : i+71])
		}
	}
	return digestPrefix + hex
}

// alive is what must stay.
type alive struct {
	layers map[string]bool // directory names
	blobs  map[string]bool // hex
	images map[string]bool // hex
}

func (a alive) keepBlob(s *Store, diffID string) {
	a.layers[hexOf(diffID)[:layerNameChars]] = true
	if len(diffID) == len(digestPrefix)+digestHexChars {
		if info, err := s.readLayer(diffID); err == nil {
			a.blobs[hexOf(info.Blob)] = true
		}
	}
}

// live is under the index's lock.
func (s *Store) live() (alive, error) {
	a := alive{layers: map[string]bool{}, blobs: map[string]bool{}, images: map[string]bool{}}
	x, err := s.readIndex()
	if err != nil {
		return a, err
	}
	for _, d := range x.Manifests {
		a.images[hexOf(d.id())] = true
		a.blobs[hexOf(d.Digest)] = true
		// What is lost of a damaged image must not keep others from being removed.
		if m, err := s.readManifest(d.Digest); err == nil {
			a.blobs[hexOf(m.Config.Digest)] = true
			for _, l := range m.Layers {
				a.blobs[hexOf(l.Digest)] = true
			}
		}
		if rec, err := s.recordOf(d); err == nil {
			for _, id := range rec.DiffIDs {
				a.keepBlob(s, id)
			}
		}
	}
	held, err := s.leases()
	if err != nil {
		return a, err
	}
	for _, digest := range held.Blobs {
		a.blobs[hexOf(digest)] = true
	}
	for _, id := range held.Layers {
		a.keepBlob(s, id)
	}
	return a, nil
}

func removeUnless(dir, suffix string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	for _, e := range entries {
		hex, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || len(hex) != digestHexChars || keep[hex] {
			continue
		}
		if err := os.Remove(dir + "/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove blob: %w", err)
		}
	}
	return nil
}

// dropLayers removes layers and their blobs if nobody has them: what a pull made
// that ended on a full disk.
func (s *Store) dropLayers(ctx context.Context, diffIDs []string) error {
	made := map[string]bool{}
	for _, id := range diffIDs {
		made[id] = true
	}
	_, dead, err := s.collect(ctx, func(id string) bool { return !made[id] })
	for _, path := range dead {
		err = errors.Join(err, removeAll(path))
	}
	return err
}
