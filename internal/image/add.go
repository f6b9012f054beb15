package image

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A LayerSource is where a layer of a new image comes from: one of the two.
type LayerSource struct {
	Open   func() (io.ReadCloser, error) // a tar stream as Apply takes it, plain or compressed
	DiffID string                        // or a layer that the store has: a base image's
}

// Add makes an image of layers, base first, and a config. The config's RootFS is
// filled in, and Architecture, OS and Created if they are empty. name may be
// empty: the image then has only its id.
func (s *Store) Add(ctx context.Context, name string, cfg ConfigFile, layers []LayerSource) (*Image, error) {
	var names []string
	if name != "" {
		ref, err := parseTag(name)
		if err != nil {
			return nil, err
		}
		names = append(names, ref.String())
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	s.sweep()
	var what leased
	for _, l := range layers {
		if l.Open == nil {
			if !validDigest(l.DiffID) {
				return nil, fmt.Errorf("add image: layer %q is not a diff id", l.DiffID)
			}
			what.Layers = append(what.Layers, l.DiffID)
		}
	}
	base, err := s.lease(ctx, what)
	if err != nil {
		return nil, err
	}
	defer base.end()
	var came []*incoming
	defer func() {
		for _, in := range came {
			in.discard()
		}
	}()
	diffIDs := make([]string, len(layers))
	for i, l := range layers {
		if diffIDs[i] = l.DiffID; l.Open == nil {
			continue
		}
		in, err := s.receiveFrom(ctx, l.Open)
		if err != nil {
			return nil, fmt.Errorf("add image: layer %d: %w", i+1, err)
		}
		came = append(came, in)
		diffIDs[i] = in.DiffID
	}
	held, err := s.settleIn(ctx, came)
	if err != nil {
		return nil, err
	}
	defer held.end()
	c, err := s.compose(cfg, diffIDs)
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, c, names...)
}

func (s *Store) receiveFrom(ctx context.Context, open func() (io.ReadCloser, error)) (*incoming, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return s.receive(ctx, r, 0, "")
}

// compose makes config and manifest of layers that are in the store.
func (s *Store) compose(cfg ConfigFile, diffIDs []string) (content, error) {
	c := content{mediaType: mediaOCIManifest}
	cfg.RootFS = RootFS{Type: "layers", DiffIDs: []v1.Hash{}}
	for _, id := range diffIDs {
		cfg.RootFS.DiffIDs = append(cfg.RootFS.DiffIDs, v1.Hash{Algorithm: "sha256", Hex: hexOf(id)})
	}
	cfg.OS = cmp.Or(cfg.OS, "linux")
	cfg.Architecture = cmp.Or(cfg.Architecture, runtime.GOARCH)
	if cfg.Created.IsZero() {
		cfg.Created.Time = time.Now().UTC().Truncate(time.Second)
	}
	var err error
	if c.config, err = json.Marshal(cfg); err != nil {
		return c, fmt.Errorf("make config: %w", err)
	}
	c.manifest, err = s.composeManifest(c.config, diffIDs)
	return c, err
}

// composeManifest lists the blobs in which the layers came.
func (s *Store) composeManifest(config []byte, diffIDs []string) ([]byte, error) {
	m := manifest{SchemaVersion: 2, MediaType: mediaOCIManifest, Layers: []descriptor{},
		Config: descriptor{MediaType: mediaOCIConfig, Digest: digestOf(config), Size: int64(len(config))}}
	for _, id := range diffIDs {
		info, err := s.readLayer(id)
		if err != nil {
			return nil, err
		}
		m.Layers = append(m.Layers, descriptor{MediaType: info.MediaType, Digest: info.Blob, Size: info.BlobSize})
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("make manifest: %w", err)
	}
	return data, nil
}

// An incoming layer is one whose digest is known only when it has come: from an
// archive, from a directory. Its blob grows in tmp/.
type incoming struct {
	*newLayer
	blob *os.File
	kept bool
}

// receive unpacks a layer from r, and keeps its bytes as they come. They must have
// the digest want, if it is known.
func (s *Store) receive(ctx context.Context, r io.Reader, size int64, want string) (*incoming, error) {
	blob, err := s.newTempFile()
	if err != nil {
		return nil, err
	}
	l, err := s.unpack(ctx, r, size, func() {}, func(b []byte) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		_, err := blob.Write(b)
		return err
	})
	in := &incoming{newLayer: l, blob: blob}
	if err != nil {
		in.kept = true // unpack has cleaned up its part
		in.dropBlob()
	}
	if want != "" && l != nil && l.Blob != "" && l.Blob != want {
		in.discard()
		return nil, fmt.Errorf("%w: want %s, got %s", ErrDigest, want, l.Blob)
	}
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (in *incoming) commit(s *Store) error {
	if in.kept {
		return nil
	}
	in.kept = true
	err := in.blob.Chmod(0o644)
	if err == nil {
		err = os.Rename(in.blob.Name(), s.blob(in.Blob))
	}
	if err != nil {
		in.newLayer.discard()
		in.dropBlob()
		return fmt.Errorf("keep layer %s: %w", ShortID(in.DiffID), err)
	}
	in.blob.Close()
	return in.newLayer.commit(s)
}

// discard throws away what was not committed.
func (in *incoming) discard() {
	if !in.kept {
		in.kept = true
		in.newLayer.discard()
		in.dropBlob()
	}
}

func (in *incoming) dropBlob() {
	os.Remove(in.blob.Name())
	in.blob.Close()
}

// settleIn gives the layers that came their names, under a lease: without it a
// deletion elsewhere could take them before the image has them.
func (s *Store) settleIn(ctx context.Context, came []*incoming) (*lease, error) {
	var what leased
	for _, in := range came {
		what.Layers = append(what.Layers, in.DiffID)
		what.Blobs = append(what.Blobs, in.Blob)
	}
	held, err := s.lease(ctx, what)
	if err != nil {
		return nil, err
	}
	for _, in := range came {
		if err := in.commit(s); err != nil {
			held.end()
			return nil, err
		}
	}
	return held, nil
}
