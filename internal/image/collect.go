package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

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
