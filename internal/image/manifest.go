package image

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A manifest is one image's: its config and its layers, base first.
type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// content is all of an image but its layers, as bytes: what the digests cover.
type content struct {
	manifest, config []byte
	mediaType        string // of manifest
}

const (
	maxManifest = 4 << 20 // as Docker's and most registries' limit
	maxConfig   = 8 << 20
	maxLayers   = 512
)

// parseManifest checks all that later becomes a path or a number.
func parseManifest(data []byte) (*manifest, error) {
	m := new(manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%w: read manifest: %w", ErrNotImage, err)
	}
	switch m.Config.MediaType {
	case mediaOCIConfig, mediaDockerConfig:
	case "":
		return nil, fmt.Errorf("%w: the manifest has no config", ErrNotImage)
	default:
		return nil, fmt.Errorf("%w: its config is of type %s", ErrNotImage, m.Config.MediaType)
	}
	if len(m.Layers) > maxLayers {
		return nil, fmt.Errorf("%w: %d layers are more than %d", ErrNotImage, len(m.Layers), maxLayers)
	}
	for _, d := range append([]descriptor{m.Config}, m.Layers...) {
		if !validDigest(d.Digest) {
			return nil, fmt.Errorf("%w: the manifest has the digest %q; only sha256 is known here", ErrNotImage, d.Digest)
		}
		if d.Size < 0 {
			return nil, fmt.Errorf("%w: the manifest gives %s the size %d", ErrNotImage, d.Digest, d.Size)
		}
	}
	if m.Config.Size > maxConfig {
		return nil, fmt.Errorf("%w: a config of %d bytes", ErrNotImage, m.Config.Size)
	}
	return m, nil
}

func (s *Store) readManifest(digest string) (*manifest, error) {
	data, err := os.ReadFile(s.blob(digest))
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return parseManifest(data)
}

// parseConfig wants as many diff ids as the manifest has layers: which layer is
// which follows from the order alone.
func parseConfig(data []byte, layers int) (*ConfigFile, []string, error) {
	cfg := new(ConfigFile)
	if err := json.Unmarshal(data, cfg); err != nil {
		return nil, nil, fmt.Errorf("%w: read config: %w", ErrNotImage, err)
	}
	ids := make([]string, 0, len(cfg.RootFS.DiffIDs))
	for _, h := range cfg.RootFS.DiffIDs {
		if !validDigest(h.String()) {
			return nil, nil, fmt.Errorf("%w: the config has the diff id %q; only sha256 is known here", ErrNotImage, h)
		}
		ids = append(ids, h.String())
	}
	if len(ids) != layers {
		return nil, nil, fmt.Errorf("%w: the config lists %d layers, the manifest %d", ErrNotImage, len(ids), layers)
	}
	return cfg, ids, nil
}

// choosePlatform returns the entry of an index that runs on want, the best first
// come first: an arm64 machine takes v8 or no variant, an arm machine the highest
// variant up to its own.
func choosePlatform(data []byte, name string, want Platform) (descriptor, error) {
	var x struct {
		Manifests []struct {
			descriptor
			Platform *Platform `json:"platform"`
		} `json:"manifests"`
	}
	if err := json.Unmarshal(data, &x); err != nil {
		return descriptor{}, fmt.Errorf("%w: read index: %w", ErrNotImage, err)
	}
	best, bestRank := -1, -1
	var have []string
	for i, d := range x.Manifests {
		if d.Platform == nil {
			if isIndexType(d.MediaType) && bestRank < 0 {
				best, bestRank = i, 0 // an index inside; it will tell
			}
			continue
		}
		if d.Platform.OS == "unknown" {
			continue // an attestation about an image, not an image
		}
		have = append(have, platformString(*d.Platform))
		if rank := platformRank(*d.Platform, want); rank > bestRank {
			best, bestRank = i, rank
		}
	}
	if best < 0 && len(x.Manifests) == 1 && x.Manifests[0].Platform == nil {
		best = 0 // says nothing, and there is no choice
	}
	if best < 0 {
		slices.Sort(have)
		return descriptor{}, &PlatformError{Image: name, Want: platformString(want), Have: slices.Compact(have)}
	}
	d := x.Manifests[best].descriptor
	if !validDigest(d.Digest) || d.Size > maxManifest {
		return descriptor{}, fmt.Errorf("%w: the index has the digest %q of %d bytes", ErrNotImage, d.Digest, d.Size)
	}
	return d, nil
}

const exactPlatform = 100

// platformRank is how well a program for have runs where want is: -1 is not at all.
func platformRank(have, want Platform) int {
	if have.OS != want.OS || have.Architecture != want.Architecture {
		return -1
	}
	h, w := variant(have), variant(want)
	switch {
	case h == w:
		return exactPlatform
	case want.Architecture == "arm" && h < w: // v5 < v6 < v7 < v8
		return 10 + int(h[len(h)-1]-'0')%10
	case want.Architecture == "amd64" && h == "":
		return 10 // runs on v2 and v3 too
	}
	return -1
}

func variant(p Platform) string {
	switch {
	case p.Architecture == "arm64" && p.Variant == "v8", p.Architecture == "amd64" && p.Variant == "v1":
		return ""
	case p.Architecture == "arm" && p.Variant == "":
		return "v7"
	}
	return p.Variant
}

// parsePlatform reads "linux/arm64/v8", "arm64" or "" for this machine.
func parsePlatform(s string) (Platform, error) {
	if s == "" {
		return Platform{OS: "linux", Architecture: runtime.GOARCH}, nil
	}
	if !strings.Contains(s, "/") {
		switch s {
		case "x86_64":
			s = "amd64"
		case "aarch64":
			s = "arm64"
		}
		return Platform{OS: "linux", Architecture: s}, nil
	}
	p, err := v1.ParsePlatform(s)
	if err != nil || p.OS == "" || p.Architecture == "" {
		return Platform{}, fmt.Errorf("platform %q is not os/architecture or os/architecture/variant", s)
	}
	return *p, nil
}

func platformString(p Platform) string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

func isIndexType(mediaType string) bool {
	return mediaType == mediaOCIIndex || mediaType == mediaDockerList
}

// manifestType is what the document says itself, or the one who brought it, or what
// its fields show.
func manifestType(data []byte, told string) (string, error) {
	var probe struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     string          `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        json.RawMessage `json:"config"`
		FSLayers      json.RawMessage `json:"fsLayers"`
	}
	if err := json.Unmarshal(data, &probe); err != nil {
		return "", fmt.Errorf("%w: the manifest is not JSON: %w", ErrNotImage, err)
	}
	kind, _, _ := strings.Cut(probe.MediaType, ";")
	if kind == "" {
		kind, _, _ = strings.Cut(told, ";")
	}
	switch kind = strings.TrimSpace(kind); kind {
	case mediaOCIIndex, mediaDockerList, mediaOCIManifest, mediaDockerManifest:
		return kind, nil
	}
	switch {
	case probe.FSLayers != nil || probe.SchemaVersion == 1:
		return "", fmt.Errorf("%w: its manifest has schema 1, of before 2016; it must be pushed again by a newer tool", ErrNotImage)
	case probe.Manifests != nil:
		return mediaOCIIndex, nil
	case probe.Config != nil:
		return mediaOCIManifest, nil
	}
	return "", fmt.Errorf("%w: a manifest of type %q", ErrNotImage, kind)
}
