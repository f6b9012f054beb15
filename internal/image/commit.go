package image

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

// keep makes an image of content whose layers are all in the store, and gives it
// names. Without names it is kept as a nameless one.
func (s *Store) keep(ctx context.Context, c content, names ...string) (*Image, error) {
	rec, err := s.newRecord(c)
	if err != nil {
		return nil, err
	}
	if err := s.settle(rec.DiffIDs); err != nil {
		return nil, err
	}
	// Records are not leased, so they come and go under the lock.
	err = s.update(ctx, func(x *index) error {
		if err := s.writeBlob(rec.Manifest.Digest, c.manifest); err != nil {
			return err
		}
		if err := s.writeBlob(rec.ID, c.config); err != nil {
			return err
		}
		if err := s.writeRecord(rec); err != nil {
			return err
		}
		if len(names) == 0 {
			x.set("", rec)
		}
		for _, name := range names {
			x.set(name, rec)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	img := s.image(rec)
	s.setNames(img, names)
	return img, nil
}

func (s *Store) setNames(img *Image, names []string) {
	img.Names, img.RepoDigests = nil, nil
	for _, name := range names {
		if isDigestName(name) {
			img.RepoDigests = append(img.RepoDigests, name)
		} else {
			img.Names = append(img.Names, name)
		}
	}
}

func (s *Store) newRecord(c content) (*record, error) {
	m, err := parseManifest(c.manifest)
	if err != nil {
		return nil, err
	}
	cfg, ids, err := parseConfig(c.config, len(m.Layers))
	if err != nil {
		return nil, err
	}
	rec := &record{
		ID:           digestOf(c.config),
		Manifest:     descriptor{MediaType: c.mediaType, Digest: digestOf(c.manifest), Size: int64(len(c.manifest))},
		Architecture: cfg.Architecture, OS: cfg.OS, Variant: cfg.Variant,
		Created: cfg.Created.Time, DiffIDs: ids, Config: cfg.Config,
	}
	if rec.ID != m.Config.Digest {
		return nil, fmt.Errorf("config: %w: want %s, got %s", ErrDigest, m.Config.Digest, rec.ID)
	}
	for i, id := range ids {
		info, err := s.readLayer(id)
		if err != nil {
			return nil, err
		}
		rec.Size += info.Size
		if info.OpaqueRoot {
			rec.Bottom = i
		}
	}
	return rec, nil
}

func (s *Store) writeRecord(rec *record) error {
	data, err := json.Marshal(rec)
	if err == nil {
		err = s.writeFile(s.record(rec.ID), data)
	}
	if err != nil {
		return fmt.Errorf("write record of image %s: %w", ShortID(rec.ID), err)
	}
	return nil
}

func (s *Store) writeBlob(digest string, data []byte) error {
	if s.hasBlob(digest) {
		return nil
	}
	if err := s.writeFile(s.blob(digest), data); err != nil {
		return fmt.Errorf("write blob %s: %w", ShortID(digest), err)
	}
	return nil
}

// readContent is an image's manifest and config, from its blobs.
func (s *Store) readContent(d descriptor) (content, error) {
	c := content{mediaType: d.MediaType}
	var err error
	if c.manifest, err = os.ReadFile(s.blob(d.Digest)); err != nil {
		return c, fmt.Errorf("read manifest: %w", err)
	}
	m, err := parseManifest(c.manifest)
	if err != nil {
		return c, err
	}
	if c.config, err = os.ReadFile(s.blob(m.Config.Digest)); err != nil {
		return c, fmt.Errorf("read config: %w", err)
	}
	return c, nil
}

// recordOf is an image's record, or if that is lost, what it must have been.
func (s *Store) recordOf(d descriptor) (*record, error) {
	rec, err := s.readRecord(d.id())
	if err == nil {
		return rec, nil
	}
	c, err := s.readContent(d)
	if err != nil {
		return nil, err
	}
	return s.newRecord(c)
}

// readBlob reads a small blob and believes it only if its digest is right.
func (s *Store) readBlob(digest string, limit int64) ([]byte, error) {
	info, err := os.Stat(s.blob(digest))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", ShortID(digest), err)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("read blob %s: %w: %d bytes", ShortID(digest), ErrNotImage, info.Size())
	}
	data, err := os.ReadFile(s.blob(digest))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", ShortID(digest), err)
	}
	if got := digestOf(data); got != digest {
		return nil, fmt.Errorf("read blob: %w: want %s, got %s", ErrDigest, digest, got)
	}
	return data, nil
}
