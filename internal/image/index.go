package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/replace"
)

const (
	mediaOCIIndex    = "application/vnd.oci.image.index.v1+json"
	mediaOCIManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaOCIConfig   = "application/vnd.oci.image.config.v1+json"
	mediaOCILayer    = "application/vnd.oci.image.layer.v1.tar"

	mediaDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	mediaDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaDockerConfig   = "application/vnd.docker.container.image.v1+json"

	annotationRefName = "org.opencontainers.image.ref.name"
	annotationName    = "io.containerd.image.name"
	annotationID      = "lab.image.id" // of the config, so that a list need not open manifests
)

// An index is index.json: one descriptor per name, and one without a name for an
// image that lost its last.
type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

func (d descriptor) name() string { return d.Annotations[annotationRefName] }
func (d descriptor) id() string   { return d.Annotations[annotationID] }

// set points name at an image; a nameless entry for it is no longer needed. The
// image that had the name before keeps a nameless entry.
func (x *index) set(name string, rec *record) {
	x.drop(name)
	annotations := map[string]string{annotationID: rec.ID}
	if name != "" {
		annotations[annotationRefName] = name
		x.Manifests = slices.DeleteFunc(x.Manifests, func(d descriptor) bool { return d.name() == "" && d.id() == rec.ID })
	} else if len(x.names(rec.ID)) > 0 || x.has(rec.ID) {
		return
	}
	d := rec.Manifest
	d.Annotations = annotations
	x.Manifests = append(x.Manifests, d)
}

// drop takes a name away from whatever has it.
func (x *index) drop(name string) {
	i := slices.IndexFunc(x.Manifests, func(d descriptor) bool { return name != "" && d.name() == name })
	if i < 0 {
		return
	}
	old := x.Manifests[i]
	x.Manifests = slices.Delete(x.Manifests, i, i+1)
	if !x.has(old.id()) {
		old.Annotations = map[string]string{annotationID: old.id()}
		x.Manifests = append(x.Manifests, old)
	}
}

// forget removes an image and all its names.
func (x *index) forget(id string) {
	x.Manifests = slices.DeleteFunc(x.Manifests, func(d descriptor) bool { return d.id() == id })
}

func (x *index) has(id string) bool {
	return slices.ContainsFunc(x.Manifests, func(d descriptor) bool { return d.id() == id })
}

// names of an image: tags and digests, sorted.
func (x *index) names(id string) []string {
	var names []string
	for _, d := range x.Manifests {
		if d.id() == id && d.name() != "" {
			names = append(names, d.name())
		}
	}
	slices.Sort(names)
	return names
}

func isDigestName(name string) bool { return strings.Contains(name, "@") }

// readIndex needs no lock: the file is replaced as a whole.
func (s *Store) readIndex() (*index, error) {
	x := &index{SchemaVersion: 2, MediaType: mediaOCIIndex}
	data, err := os.ReadFile(s.path("index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return x, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read list of images: %w", err)
	}
	if err := json.Unmarshal(data, x); err != nil {
		return nil, fmt.Errorf("read list of images %s: %w", s.path("index.json"), err)
	}
	// Entries that other tools put into the layout (skopeo, umoci) have no id of
	// ours. They stay in the file, but without layers they are no images here.
	for i, d := range x.Manifests {
		if !validDigest(d.Digest) {
			return nil, fmt.Errorf("read list of images %s: %w: %q", s.path("index.json"), ErrDigest, d.Digest)
		}
		if d.id() == "" {
			s.adopt(&x.Manifests[i])
		}
	}
	return x, nil
}

// adopt finds the id of an image whose entry does not say it.
func (s *Store) adopt(d *descriptor) {
	annotations := maps.Clone(d.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationID] = d.Digest // no image has it, if the manifest is unreadable
	if m, err := s.readManifest(d.Digest); err == nil {
		annotations[annotationID] = m.Config.Digest
	}
	d.Annotations = annotations
}

// lockIndex is held for milliseconds: while names change, while a lease is
// written, while deletion decides.
func (s *Store) lockIndex(ctx context.Context) (*os.File, error) {
	f, err := lockPath(ctx, s.path("index.lock"), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("lock list of images: %w", err)
	}
	return f, nil
}

// update changes index.json under its lock, and then refs/ to match.
func (s *Store) update(ctx context.Context, change func(*index) error) error {
	lock, err := s.lockIndex(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	x, err := s.readIndex()
	if err != nil {
		return err
	}
	if err := change(x); err != nil {
		return err
	}
	return s.writeIndex(x)
}

func (s *Store) writeIndex(x *index) error {
	if x.Manifests == nil {
		x.Manifests = []descriptor{}
	}
	data, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return fmt.Errorf("write list of images: %w", err)
	}
	data = append(data, '\n')
	err = s.writeFile(s.path("index.json"), data)
	if errors.Is(err, unix.ENOSPC) {
		err = replace.JSON(s.path("index.json"), data) // an image must still be removable
	}
	if err != nil {
		return fmt.Errorf("write list of images: %w", err)
	}
	return s.syncRefs(x)
}

// syncRefs makes refs/ say what index.json says, also after a process that was
// killed between the two, and makes records that are lost.
func (s *Store) syncRefs(x *index) error {
	want := map[string]string{}
	for _, d := range x.Manifests {
		if _, err := os.Stat(s.record(d.id())); errors.Is(err, fs.ErrNotExist) {
			if rec, err := s.recordOf(d); err == nil { // else Find will tell
				_ = s.writeRecord(rec)
			}
		}
		if d.name() != "" {
			want[refFile(d.name())] = "../images/" + hexOf(d.id()) + ".json"
		}
	}
	entries, err := os.ReadDir(s.path("refs"))
	if err != nil {
		return fmt.Errorf("list names of images: %w", err)
	}
	for _, e := range entries {
		path := s.path("refs", e.Name())
		target, ok := want[e.Name()]
		if have, err := os.Readlink(path); ok && err == nil && have == target {
			delete(want, e.Name())
		} else if !ok {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("take back name of image: %w", err)
			}
		}
	}
	for file, target := range want {
		temp := s.path("refs", ".new") // the index's lock makes it ours
		_ = os.Remove(temp)
		if err := os.Symlink(target, temp); err != nil {
			return fmt.Errorf("name image: %w", err)
		}
		if err := os.Rename(temp, s.path("refs", file)); err != nil {
			return fmt.Errorf("name image: %w", err)
		}
	}
	return nil
}
