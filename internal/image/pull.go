package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// A Policy says when a registry is asked.
type Policy string

const (
	PullAlways  Policy = "always"  // and the zero value: what pull does
	PullMissing Policy = "missing" // only if the store has no such image: what run does
	PullNever   Policy = "never"
)

// PullOptions: the zero value pulls for this machine's platform, quietly.
type PullOptions struct {
	Policy   Policy
	Platform string   // "linux/arm64/v8", "arm64"; empty: this machine's
	Progress Progress // nil: none
	Parallel int      // layers at once; 0: 4
	Insecure bool     // plain http, or TLS that nobody vouches for, also to other machines
}

const parallelLayers = 4

// A PullResult says what a pull came to.
type PullResult struct {
	Image  *Image
	Ref    Reference
	Digest string // what the registry calls it: of the manifest, or of the index it was chosen from
	New    bool   // not what the name stood for before
}

// Pull makes the image that a registry has under name one of the store's.
//
// What the store has already is not fetched again: if the tag stands for what it
// stood for, one HEAD request is all, and a name with a digest that is there needs
// none. Layers are fetched and unpacked at the same time, several at once.
// A pull that was killed goes on where it ended.
//
// The error is one sentence and wraps one of this package's, ENOSPC, or ctx's.
func (s *Store) Pull(ctx context.Context, name string, opt PullOptions) (*PullResult, error) {
	ref, err := ParseReference(name)
	if err != nil {
		return nil, err
	}
	want, err := parsePlatform(opt.Platform)
	if err != nil {
		return nil, err
	}
	p := &pull{Store: s, ref: ref, want: want, opt: opt}
	return p.run(ctx)
}

// A pull is one on its way.
type pull struct {
	*Store
	ref    Reference
	want   Platform
	opt    PullOptions
	client *client

	mu   sync.Mutex
	made []string // diff ids of layers that were not there before
}

func (p *pull) run(ctx context.Context) (*PullResult, error) {
	local, err := p.findRef(p.ref)
	if err != nil && !errors.Is(err, ErrNotFound) {
		local = nil // a record that cannot be read is made anew
	}
	if local != nil && !p.fits(local) {
		local = nil
	}
	switch {
	case p.opt.Policy == PullNever && local == nil:
		return nil, fmt.Errorf("%w: %s (and pulling is switched off)", ErrNotFound, p.ref.Familiar())
	case local != nil && (p.opt.Policy == PullNever || p.opt.Policy == PullMissing || p.ref.Digest != "" && p.complete(local)):
		return &PullResult{Image: local, Ref: p.ref, Digest: p.ref.Digest}, nil
	}
	if p.client, err = newClient(p.ref, p.opt.Insecure, p.patience); err != nil {
		return nil, err
	}
	defer p.client.close()
	result, err := p.fromRegistry(ctx, local)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		p.takeBack()
		return nil, fmt.Errorf("pull %s: the disk of %s is full: %w", p.ref.Familiar(), p.root, unix.ENOSPC)
	}
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", p.ref.Familiar(), err)
	}
	return result, nil
}

// fits: an image for another platform than asked for is not the one. What was
// pulled on purpose for another one stays right as long as nothing is asked for.
// When the registry is asked anyway, it may have a better one than what would do.
func (p *pull) fits(img *Image) bool {
	rank := platformRank(Platform{OS: img.OS, Architecture: img.Architecture, Variant: img.Variant}, p.want)
	if p.opt.Policy == PullMissing || p.opt.Policy == PullNever {
		return p.opt.Platform == "" || rank >= 0
	}
	return rank == exactPlatform
}

// complete looks whether nobody has taken the layers away.
func (p *pull) complete(img *Image) bool {
	return !slices.ContainsFunc(img.DiffIDs, func(id string) bool { return !p.hasLayer(id) })
}

func (p *pull) fromRegistry(ctx context.Context, local *Image) (*PullResult, error) {
	if local != nil {
		if result, err := p.unchanged(ctx, local); result != nil || err != nil {
			return result, err
		}
	}
	c, digest, err := p.resolve(ctx)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(c.manifest)
	if err != nil {
		return nil, err
	}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	p.sweep()
	if c.config, err = p.config(ctx, m); err != nil {
		return nil, err
	}
	cfg, ids, err := parseConfig(c.config, len(m.Layers))
	if err != nil {
		return nil, err
	}
	if have := *cfg.Platform(); p.opt.Platform != "" && platformRank(have, p.want) < 0 {
		return nil, &PlatformError{Image: p.ref.Familiar(), Want: platformString(p.want), Have: []string{platformString(have)}}
	}
	held, err := p.lease(ctx, m.leased(digestOf(c.manifest), ids))
	if err != nil {
		return nil, err
	}
	defer held.end()
	if err := p.layers(ctx, m.Layers, ids); err != nil {
		return nil, err
	}
	names := []string{p.ref.withDigest(digest).String()}
	if p.ref.Digest == "" {
		names = append(names, p.ref.String())
	}
	img, err := p.keep(ctx, c, names...)
	if err != nil {
		return nil, err
	}
	return &PullResult{Image: img, Ref: p.ref, Digest: digest, New: local == nil || local.ID != img.ID}, nil
}

func (m *manifest) leased(digest string, diffIDs []string) leased {
	what := leased{Blobs: []string{digest, m.Config.Digest}, Layers: diffIDs}
	for _, d := range m.Layers {
		what.Blobs = append(what.Blobs, d.Digest)
	}
	return what
}

// unchanged asks with one HEAD request whether the tag still stands for what this
// store has. Any doubt, and the long way is gone: nil and no error.
func (p *pull) unchanged(ctx context.Context, local *Image) (*PullResult, error) {
	header := http.Header{"Accept": acceptManifests}
	resp, err := p.client.do(ctx, http.MethodHead, p.client.manifestPath(p.ref.identifier()), header, "look up manifest")
	if errors.Is(err, ErrRegistry) || errors.Is(err, ErrUnknown) {
		return nil, nil // it may not know HEAD, and GET explains itself better
	}
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	digest := resp.Header.Get("Docker-Content-Digest")
	if !validDigest(digest) {
		return nil, nil
	}
	same, err := p.findRef(p.ref.withDigest(digest))
	if err != nil || same.ID != local.ID || !p.complete(local) {
		return nil, nil
	}
	return &PullResult{Image: local, Ref: p.ref, Digest: digest}, nil
}

var acceptManifests = []string{mediaOCIIndex + ", " + mediaDockerList + ", " + mediaOCIManifest + ", " + mediaDockerManifest}

// resolve follows the name to a manifest for the platform, through indexes. The
// digest is that of what the name itself stands for.
func (p *pull) resolve(ctx context.Context) (c content, digest string, err error) {
	what, want := "get manifest", p.ref.Digest
	identifier := p.ref.identifier()
	for range 4 {
		data, header, err := p.client.fetch(ctx, p.client.manifestPath(identifier), want, maxManifest, acceptManifests, what)
		if err != nil {
			return c, "", err
		}
		if told := header.Get("Docker-Content-Digest"); want == "" && validDigest(told) && told != digestOf(data) {
			return c, "", fmt.Errorf("%s: %w: the registry promises %s and sends %s", what, ErrDigest, told, digestOf(data))
		}
		if digest == "" {
			digest = digestOf(data)
		}
		kind, err := manifestType(data, header.Get("Content-Type"))
		if err != nil {
			return c, "", err
		}
		if !isIndexType(kind) {
			return content{manifest: data, mediaType: kind}, digest, nil
		}
		d, err := choosePlatform(data, p.ref.Familiar(), p.want)
		if err != nil {
			return c, "", err
		}
		identifier, want, what = d.Digest, d.Digest, "get manifest for "+platformString(p.want)
	}
	return c, "", fmt.Errorf("%w: an index in an index in an index", ErrNotImage)
}

// config is a blob like the others; from another name of the image it may be here.
func (p *pull) config(ctx context.Context, m *manifest) ([]byte, error) {
	if data, err := p.readBlob(m.Config.Digest, maxConfig); err == nil {
		return data, nil
	}
	data, _, err := p.client.fetch(ctx, p.client.blobPath(m.Config.Digest), m.Config.Digest, maxConfig, nil, "get config")
	return data, err
}

// takeBack leaves nothing on a full disk of a pull that did not end well.
func (p *pull) takeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	_ = p.dropLayers(context.Background(), p.made)
}
