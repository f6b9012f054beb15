package image

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The OCI image specification's own types, so that other rooms need not import
// the registry library: config.json's content and its parts.
type (
	ConfigFile = v1.ConfigFile
	Config     = v1.Config
	History    = v1.History
	RootFS     = v1.RootFS
	Health     = v1.HealthConfig
	Platform   = v1.Platform
	Time       = v1.Time
)

// An Image is one that is in the store, complete.
type Image struct {
	// ID is the digest of the config, "sha256:…": what docker calls the image id.
	ID string
	// Digest is the digest of the manifest in the store.
	Digest string
	// Names are the tags, canonical ("docker.io/library/busybox:latest"). Find fills
	// in only the one that was asked for; Inspect and List all.
	Names []string
	// RepoDigests are the digests under which registries gave it, canonical ("…@sha256:…"). From Inspect and List.
	RepoDigests []string

	Config       Config // Env, Cmd, Entrypoint, WorkingDir, User, Volumes, ExposedPorts, Labels, StopSignal, Healthcheck…
	Created      time.Time
	Architecture string
	OS           string
	Variant      string

	// Size is the bytes of all unpacked layers, shared ones included.
	Size int64
	// Layers are the absolute paths of the unpacked layers, topmost first, as
	// overlayfs takes them in lowerdir=.
	Layers []string
	// DiffIDs are the digests of the layers' tar streams, base first.
	DiffIDs []string
}

// Familiar is the first name as people type it, or the short id.
func (i *Image) Familiar() string {
	if len(i.Names) > 0 {
		return familiar(i.Names[0])
	}
	return ShortID(i.ID)
}

// ShortID is the first 12 digits of a digest, without its "sha256:".
func ShortID(digest string) string {
	hex := hexOf(digest)
	if len(hex) > 12 {
		return hex[:12]
	}
	return hex
}

// Familiar shortens a canonical name to what people type:
// "docker.io/library/busybox:latest" to "busybox:latest".
func Familiar(name string) string { return familiar(name) }
