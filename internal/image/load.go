package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// LoadOptions: the zero value takes images and names as the archive has them.
type LoadOptions struct {
	Platform string // which of a multi-platform archive; empty: this machine's
	Name     string // for an archive with one image
}

// Load takes the images out of an archive: what docker save makes, an OCI image
// layout as a tar, both plain or compressed. It reads r once and needs no seeking:
// a pipe will do. Layers are unpacked as they come by.
//
// The error wraps ErrNotImage, ErrDigest, ErrPlatform or ENOSPC; nothing is kept then.
func (s *Store) Load(ctx context.Context, r io.Reader, opt LoadOptions) ([]*Image, error) {
	images, err := s.load(ctx, r, opt)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return nil, fmt.Errorf("load image: the disk of %s is full: %w", s.root, unix.ENOSPC)
	}
	if err != nil {
		return nil, fmt.Errorf("load image: %w", err)
	}
	return images, nil
}

func (s *Store) load(ctx context.Context, r io.Reader, opt LoadOptions) ([]*Image, error) {
	want, err := parsePlatform(opt.Platform)
	if err != nil {
		return nil, err
	}
	var name string
	if opt.Name != "" {
		ref, err := parseTag(opt.Name)
		if err != nil {
			return nil, err
		}
		name = ref.String()
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	s.sweep()
	a := &archive{store: s, small: map[string][]byte{}, layers: map[string]*incoming{}, links: map[string]string{}}
	defer a.discard()
	if err := a.read(ctx, r); err != nil {
		return nil, err
	}
	packed, err := a.images(want)
	if err != nil {
		return nil, err
	}
	if name != "" {
		if len(packed) != 1 {
			return nil, fmt.Errorf("the archive has %d images, and only one can be named %s", len(packed), familiar(name))
		}
		packed[0].names = []string{name}
	}
	return a.keep(ctx, packed)
}

// A packedImage is one of an archive's.
type packedImage struct {
	config   []byte
	manifest []byte   // nil for docker save's, which have none
	media    string   // of manifest
	layers   []string // names in the archive, base first
	names    []string // canonical
}

// images reads docker save's manifest.json, else the layout's index.json. Newer
// docker archives have both: the first knows the names better.
func (a *archive) images(want Platform) ([]packedImage, error) {
	switch {
	case a.small["manifest.json"] != nil:
		return a.dockerImages()
	case a.small["index.json"] != nil:
		return a.layoutImages(want)
	}
	return nil, fmt.Errorf("%w: the archive has no manifest.json and no index.json; for a plain root file system use import", ErrNotImage)
}

func (a *archive) dockerImages() ([]packedImage, error) {
	var list []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(a.small["manifest.json"], &list); err != nil {
		return nil, fmt.Errorf("%w: read manifest.json: %w", ErrNotImage, err)
	}
	var images []packedImage
	for _, entry := range list {
		config, err := a.document(entry.Config)
		if err != nil {
			return nil, err
		}
		p := packedImage{config: config, layers: entry.Layers}
		for _, tag := range entry.RepoTags {
			ref, err := parseTag(tag)
			if err != nil {
				return nil, err
			}
			p.names = append(p.names, ref.String())
		}
		p.manifest, p.media = a.manifestOf(digestOf(config))
		images = append(images, p)
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("%w: manifest.json lists no image", ErrNotImage)
	}
	return images, nil
}

// manifestOf finds the manifest that a docker archive has as an OCI layout beside
// its own, so that the image keeps the digest that registries know.
func (a *archive) manifestOf(id string) ([]byte, string) {
	for name, data := range a.small {
		if !strings.HasPrefix(name, blobsDir) {
			continue
		}
		if m, err := parseManifest(data); err == nil && m.Config.Digest == id {
			if kind, err := manifestType(data, ""); err == nil {
				return data, kind
			}
		}
	}
	return nil, ""
}

func (a *archive) layoutImages(want Platform) ([]packedImage, error) {
	var x struct {
		Manifests []struct {
			descriptor
			Platform *Platform `json:"platform"`
		} `json:"manifests"`
	}
	if err := json.Unmarshal(a.small["index.json"], &x); err != nil {
		return nil, fmt.Errorf("%w: read index.json: %w", ErrNotImage, err)
	}
	var images []packedImage
	var have []string
	for _, d := range x.Manifests {
		if d.Platform != nil && !isIndexType(d.MediaType) && platformRank(*d.Platform, want) < 0 {
			have = append(have, platformString(*d.Platform))
			continue
		}
		p, err := a.layoutImage(d.descriptor, want, 0)
		if err != nil {
			return nil, err
		}
		if name := layoutName(d.Annotations); name != "" {
			p.names = []string{name}
		}
		images = append(images, p)
	}
	if len(images) == 0 {
		return nil, &PlatformError{Image: "in the archive", Want: platformString(want), Have: slices.Compact(slices.Sorted(slices.Values(have)))}
	}
	return images, nil
}

func (a *archive) layoutImage(d descriptor, want Platform, depth int) (packedImage, error) {
	data, err := a.blob(d.Digest)
	if err != nil {
		return packedImage{}, err
	}
	kind, err := manifestType(data, d.MediaType)
	if err != nil {
		return packedImage{}, err
	}
	if isIndexType(kind) {
		if depth > 3 {
			return packedImage{}, fmt.Errorf("%w: an index in an index in an index", ErrNotImage)
		}
		inner, err := choosePlatform(data, "in the archive", want)
		if err != nil {
			return packedImage{}, err
		}
		return a.layoutImage(inner, want, depth+1)
	}
	m, err := parseManifest(data)
	if err != nil {
		return packedImage{}, err
	}
	config, err := a.blob(m.Config.Digest)
	if err != nil {
		return packedImage{}, err
	}
	p := packedImage{config: config, manifest: data, media: kind}
	for _, l := range m.Layers {
		p.layers = append(p.layers, blobsDir+hexOf(l.Digest))
	}
	return p, nil
}

// layoutName is the name an entry of index.json carries. Many tools write only the
// tag there, which is no name.
func layoutName(annotations map[string]string) string {
	for _, key := range []string{annotationName, annotationRefName} {
		v := annotations[key]
		if !strings.ContainsAny(v, ":/") {
			continue
		}
		if ref, err := parseTag(v); err == nil {
			return ref.String()
		}
	}
	return ""
}

// keep commits the layers that images use, and makes the images.
func (a *archive) keep(ctx context.Context, packed []packedImage) ([]*Image, error) {
	var used []*incoming
	diffIDs := make([][]string, len(packed))
	var known leased
	for i, p := range packed {
		_, ids, err := parseConfig(p.config, len(p.layers))
		if err != nil {
			return nil, err
		}
		for j, name := range p.layers {
			in := a.layer(name)
			switch {
			case in != nil && in.DiffID != ids[j]:
				return nil, fmt.Errorf("layer %s: %w: the config promises the diff id %s, its content is %s", name, ErrDigest, ids[j], in.DiffID)
			case in != nil:
				used = append(used, in)
			case a.store.hasLayer(ids[j]):
				known.Layers = append(known.Layers, ids[j])
			default:
				return nil, fmt.Errorf("%w: the archive has no layer %s", ErrNotImage, name)
			}
		}
		diffIDs[i] = ids
	}
	base, err := a.store.lease(ctx, known)
	if err != nil {
		return nil, err
	}
	defer base.end()
	held, err := a.store.settleIn(ctx, used)
	if err != nil {
		return nil, err
	}
	defer held.end()
	var images []*Image
	for i, p := range packed {
		c := content{config: p.config, manifest: p.manifest, mediaType: p.media}
		if c.manifest == nil {
			c.mediaType = mediaOCIManifest
			if c.manifest, err = a.store.composeManifest(p.config, diffIDs[i]); err != nil {
				return nil, err
			}
		}
		img, err := a.store.keep(ctx, c, p.names...)
		if err != nil {
			return nil, err
		}
		images = append(images, img)
	}
	return images, nil
}
