package image

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
)

// List is every image, the youngest first, with all names. One that lost its last
// name to another has none.
func (s *Store) List() ([]*Image, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	var list []*Image
	seen := map[string]bool{}
	for _, d := range x.Manifests {
		if seen[d.id()] {
			continue
		}
		seen[d.id()] = true
		rec, err := s.recordOf(d)
		if err != nil {
			continue // being removed, or put into the layout by another tool
		}
		img := s.image(rec)
		s.setNames(img, x.names(d.id()))
		list = append(list, img)
	}
	slices.SortStableFunc(list, func(a, b *Image) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Familiar(), b.Familiar()))
	})
	return list, nil
}

// Inspect is Find with all names.
func (s *Store) Inspect(name string) (*Image, error) {
	img, err := s.Find(name)
	if err != nil {
		return nil, err
	}
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	s.setNames(img, x.names(img.ID))
	return img, nil
}

// ConfigFile is an image's whole config: what commit and build start from. Its
// History has one entry per step; those that are not EmptyLayer made the layers, in
// their order.
func (s *Store) ConfigFile(img *Image) (*ConfigFile, error) {
	data, err := s.readBlob(img.ID, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", ShortID(img.ID), err)
	}
	cfg, _, err := parseConfig(data, len(img.DiffIDs))
	return cfg, err
}

// LayerSize is the bytes in a layer's files.
func (s *Store) LayerSize(diffID string) (int64, error) {
	info, err := s.readLayer(diffID)
	return info.Size, err
}

// Tag gives an image another name, taking it from the image that has it.
//
// The error wraps ErrNotFound or ErrReference; a name with a digest cannot be given.
func (s *Store) Tag(ctx context.Context, source, target string) error {
	img, err := s.Find(source)
	if err != nil {
		return err
	}
	ref, err := parseTag(target)
	if err != nil {
		return err
	}
	rec, err := s.readRecord(img.ID)
	if err != nil {
		return err
	}
	return s.update(ctx, func(x *index) error {
		if !x.has(rec.ID) {
			return fmt.Errorf("%w: %s", ErrNotFound, source)
		}
		x.set(ref.String(), rec)
		return nil
	})
}

func parseTag(name string) (Reference, error) {
	ref, err := ParseReference(name)
	if err == nil && ref.Digest != "" {
		err = fmt.Errorf("%w: a digest belongs to its content and cannot be given to an image: %s", ErrReference, name)
	}
	return ref, err
}

// LayerDirs are the directories of unpacked layers, topmost first, of diff ids with the base first: what Image.Layers is for an image that
// is gone while a container still stands on its layers.
func (s *Store) LayerDirs(diffIDs []string) []string {
	bottom := 0
	for i, id := range diffIDs {
		if !validDigest(id) {
			return nil
		}
		if info, err := s.readLayer(id); err == nil && info.OpaqueRoot {
			bottom = i
		}
	}
	return s.image(&record{DiffIDs: diffIDs, Bottom: bottom}).Layers
}

// A LayerUse is an unpacked layer and what it takes on the disk.
type LayerUse struct {
	DiffID   string
	Size     int64 // of its files
	BlobSize int64 // of the blob that it came in
}

// Layers are all layers in the store, those of no image included.
func (s *Store) Layers() []LayerUse {
	entries, _ := os.ReadDir(s.path("layers"))
	var list []LayerUse
	for _, e := range entries {
		if len(e.Name()) != layerNameChars {
			continue
		}
		if info, err := s.readLayer(diffIDAt(s.path("layers", e.Name()))); err == nil {
			list = append(list, LayerUse{info.DiffID, info.Size, info.BlobSize})
		}
	}
	return list
}
