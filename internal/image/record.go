package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// A record is images/HEX.json: what is needed of an image to start it, taken out
// of manifest, config and layer.json once, when the image comes in.
type record struct {
	ID           string     `json:"id"`
	Manifest     descriptor `json:"manifest"`
	Architecture string     `json:"architecture,omitempty"`
	OS           string     `json:"os,omitempty"`
	Variant      string     `json:"variant,omitempty"`
	Created      time.Time  `json:"created"`
	Size         int64      `json:"size"`
	DiffIDs      []string   `json:"diffIDs"`
	Bottom       int        `json:"bottom,omitempty"` // the layer that hides all below it
	Config       Config     `json:"config"`
}

// A descriptor says where content is and what it must be; the annotations of
// those in index.json carry the names.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Find looks an image up by name, id, or the beginning of an id. It reads one
// small file.
//
// The error wraps ErrNotFound, ErrReference or ErrAmbiguous.
func (s *Store) Find(name string) (*Image, error) {
	ref, refErr := ParseReference(name)
	if refErr == nil {
		img, err := s.findRef(ref)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return img, err
		}
	}
	prefix := hexOf(name)
	if !isHex(prefix) || len(prefix) > digestHexChars {
		if refErr != nil {
			return nil, refErr
		}
		return nil, fmt.Errorf("%w: %s", ErrNotFound, ref.Familiar())
	}
	rec, err := s.findID(prefix)
	if err != nil {
		return nil, err
	}
	return s.image(rec), nil
}

// findRef opens the link that refs/ has for a name.
func (s *Store) findRef(ref Reference) (*Image, error) {
	canonical := ref.String()
	data, err := os.ReadFile(s.path("refs", refFile(canonical)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, ref.Familiar())
	}
	if err != nil {
		return nil, fmt.Errorf("look up image %s: %w", ref.Familiar(), err)
	}
	rec, err := decodeRecord(data)
	if err != nil {
		return nil, fmt.Errorf("read record of image %s: %w", ref.Familiar(), err)
	}
	img := s.image(rec)
	if ref.Digest == "" {
		img.Names = []string{canonical}
	} else {
		img.RepoDigests = []string{canonical}
	}
	return img, nil
}

// refFile is a name as one file name. Names longer than a file name may be (255
// bytes) do exist in registries, so those are cut and told apart by their hash.
func refFile(canonical string) string {
	file := strings.ReplaceAll(canonical, "/", "%2F")
	if len(file) > 200 {
		file = file[:120] + "%" + hexOf(digestOf([]byte(canonical)))
	}
	return file
}

func (s *Store) findID(prefix string) (*record, error) {
	if len(prefix) == digestHexChars {
		return s.readRecord(digestPrefix + prefix)
	}
	entries, err := os.ReadDir(s.path("images"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look up image %s: %w", prefix, err)
	}
	found := ""
	for _, e := range entries {
		hex, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !strings.HasPrefix(hex, prefix) {
			continue
		}
		if found != "" {
			return nil, fmt.Errorf("%w: %s is the beginning of %s and %s", ErrAmbiguous, prefix, ShortID(found), ShortID(hex))
		}
		found = hex
	}
	if found == "" {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, prefix)
	}
	return s.readRecord(digestPrefix + found)
}

func (s *Store) readRecord(id string) (*record, error) {
	data, err := os.ReadFile(s.record(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, ShortID(id))
	}
	if err != nil {
		return nil, fmt.Errorf("look up image %s: %w", ShortID(id), err)
	}
	rec, err := decodeRecord(data)
	if err != nil {
		return nil, fmt.Errorf("read record of image %s: %w", ShortID(id), err)
	}
	return rec, nil
}

func decodeRecord(data []byte) (*record, error) {
	rec := new(record)
	if err := json.Unmarshal(data, rec); err != nil {
		return nil, err
	}
	for _, d := range append([]string{rec.ID, rec.Manifest.Digest}, rec.DiffIDs...) {
		if !validDigest(d) {
			return nil, fmt.Errorf("%w: %q is not a digest", ErrDigest, d)
		}
	}
	if rec.Bottom < 0 || rec.Bottom > len(rec.DiffIDs) {
		return nil, fmt.Errorf("bottom layer %d of %d", rec.Bottom, len(rec.DiffIDs))
	}
	return rec, nil
}

// image turns a record into what the other rooms see.
func (s *Store) image(rec *record) *Image {
	img := &Image{
		ID: rec.ID, Digest: rec.Manifest.Digest,
		Config: rec.Config, Created: rec.Created,
		Architecture: rec.Architecture, OS: rec.OS, Variant: rec.Variant,
		Size: rec.Size, DiffIDs: rec.DiffIDs,
		Layers: make([]string, 0, len(rec.DiffIDs)),
	}
	for i := len(rec.DiffIDs) - 1; i >= rec.Bottom; i-- {
		// Overlayfs refuses the same directory twice. The lower one has nothing that
		// the upper one does not show.
		if !slices.Contains(rec.DiffIDs[i+1:], rec.DiffIDs[i]) {
			img.Layers = append(img.Layers, s.layerDir(rec.DiffIDs[i])+"/diff")
		}
	}
	return img
}
