package image

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Save writes images as one archive that is two things at once, as docker save does since version 25: an OCI image layout (index.json, blobs/)
// and docker's own list of it (manifest.json). Layers go along as they came, so that every digest stays what it was. Equal images under equal names
// give equal bytes.
//
// A name stands for itself, one without a tag for all tags of its repository, an id for an image without a name. The error wraps
// ErrNotFound, ErrReference, ErrAmbiguous or ErrDigest; w then has the beginning of an archive.
func (s *Store) Save(ctx context.Context, w io.Writer, names ...string) error {
	images, err := s.toSave(names)
	if err != nil {
		return fmt.Errorf("save image: %w", err)
	}
	var what leased
	for _, p := range images {
		what.Layers = append(what.Layers, p.img.DiffIDs...)
	}
	held, err := s.lease(ctx, what) // from here on nobody removes what they consist of
	if err != nil {
		return fmt.Errorf("save image: %w", err)
	}
	defer held.end()
	a := &archiveWriter{ctx: ctx, store: s, tw: tar.NewWriter(w), documents: map[string][]byte{}, layers: map[string]descriptor{}}
	for _, p := range images {
		if err := a.add(p); err != nil {
			return fmt.Errorf("save image %s: %w", p.img.Familiar(), err)
		}
	}
	if err := a.write(); err != nil {
		return fmt.Errorf("save image: %w", err)
	}
	return nil
}

// A savedImage is an image and the names under which it goes.
type savedImage struct {
	img   *Image
	names []string // canonical tags
}

func (s *Store) toSave(names []string) ([]*savedImage, error) {
	var list []*savedImage
	for _, name := range names {
		img, tags, err := s.named(name)
		if err != nil {
			return nil, err
		}
		for i := range img {
			at := slices.IndexFunc(list, func(p *savedImage) bool { return p.img.ID == img[i].ID })
			if at < 0 {
				at = len(list)
				list = append(list, &savedImage{img: img[i]})
			}
			if tags[i] != "" && !slices.Contains(list[at].names, tags[i]) {
				list[at].names = append(list[at].names, tags[i])
			}
		}
	}
	return list, nil
}

// named looks a name up: images, and the tag of each.
func (s *Store) named(name string) (images []*Image, tags []string, err error) {
	ref, refErr := ParseReference(name)
	bare := !strings.Contains(name[strings.LastIndexByte(name, '/')+1:], ":") && !strings.Contains(name, "@")
	if refErr == nil && bare {
		all, err := s.List()
		if err != nil {
			return nil, nil, err
		}
		for _, img := range all {
			for _, n := range img.Names {
				if repositoryOf(n) == repositoryOf(ref.String()) {
					images, tags = append(images, img), append(tags, n)
				}
			}
		}
		if len(images) > 0 {
			return images, tags, nil
		}
	}
	img, err := s.Find(name)
	if err != nil {
		return nil, nil, err
	}
	tag := ""
	if len(img.Names) > 0 {
		tag = img.Names[0]
	}
	return []*Image{img}, []string{tag}, nil
}

// archiveWriter collects what belongs into the archive, and then writes it in the order of names.
type archiveWriter struct {
	ctx       context.Context
	store     *Store
	tw        *tar.Writer
	documents map[string][]byte     // by member name
	layers    map[string]descriptor // by member name
	index     index
	list      []dockerEntry
}

// dockerEntry is an image in manifest.json, with docker's names.
type dockerEntry struct {
	Config       string
	RepoTags     []string
	Layers       []string
	LayerSources map[string]layerSource `json:",omitempty"`
}

type layerSource struct {
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
	Digest    string `json:"digest"`
}

func memberOf(digest string) string { return blobsDir + hexOf(digest) }

func (a *archiveWriter) add(p *savedImage) error {
	rec, err := a.store.readRecord(p.img.ID)
	if err != nil {
		return err
	}
	config, err := a.store.readBlob(rec.ID, maxConfig)
	if err != nil {
		return err
	}
	manifest, err := a.store.manifestToSave(p, rec, config)
	if err != nil {
		return err
	}
	c := content{manifest: manifest, config: config}
	d := descriptor{Digest: digestOf(c.manifest), Size: int64(len(c.manifest))}
	m, err := parseManifest(c.manifest)
	if err != nil {
		return err
	}
	d.MediaType = cmp.Or(m.MediaType, mediaOCIManifest)
	a.documents[memberOf(d.Digest)], a.documents[memberOf(rec.ID)] = c.manifest, c.config
	entry := dockerEntry{Config: memberOf(rec.ID), RepoTags: shortNames(p.names), Layers: []string{}, LayerSources: map[string]layerSource{}}
	for i, l := range m.Layers {
		a.layers[memberOf(l.Digest)] = l
		entry.Layers = append(entry.Layers, memberOf(l.Digest))
		entry.LayerSources[rec.DiffIDs[i]] = layerSource{l.MediaType, l.Size, l.Digest}
	}
	a.list = append(a.list, entry)
	if len(p.names) == 0 {
		d.Annotations = nil
		a.index.Manifests = append(a.index.Manifests, d)
	}
	for _, name := range p.names {
		ref, err := ParseReference(name)
		if err != nil {
			return err
		}
		d.Annotations = map[string]string{annotationName: name, annotationRefName: ref.Tag}
		a.index.Manifests = append(a.index.Manifests, d)
	}
	return nil
}

func shortNames(names []string) []string {
	var list []string
	for _, n := range names {
		list = append(list, familiar(n))
	}
	return list
}

// manifestToSave is one of those that the image came with, whose blobs are all here: the first name's if possible. Of an image that came twice, differently
// compressed, only one has them. Where none has, because a layer was here before under another compression, it is one that names what is here.
func (s *Store) manifestToSave(p *savedImage, rec *record, config []byte) ([]byte, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	candidates := []descriptor{rec.Manifest}
	for _, d := range x.Manifests {
		if d.id() != rec.ID {
			continue
		}
		if len(p.names) > 0 && d.name() == p.names[0] {
			candidates = append([]descriptor{d}, candidates...)
		} else {
			candidates = append(candidates, d)
		}
	}
	for _, d := range candidates {
		data, err := s.readBlob(d.Digest, maxManifest)
		if err != nil {
			continue
		}
		m, err := parseManifest(data)
		if err == nil && !slices.ContainsFunc(m.Layers, func(l descriptor) bool { return !s.hasBlob(l.Digest) }) {
			return data, nil
		}
	}
	return s.composeManifest(config, rec.DiffIDs)
}

func (a *archiveWriter) write() error {
	a.index.SchemaVersion, a.index.MediaType = 2, mediaOCIIndex
	if a.index.Manifests == nil {
		a.index.Manifests = []descriptor{}
	}
	for name, value := range map[string]any{
		"index.json": a.index, "manifest.json": a.list, "oci-layout": map[string]string{"imageLayoutVersion": "1.0.0"},
	} {
		data, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		a.documents[name] = data
	}
	for _, dir := range []string{"blobs/", blobsDir} {
		if err := a.tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
			return err
		}
	}
	var names []string
	for name := range a.documents {
		names = append(names, name)
	}
	for name := range a.layers {
		if a.documents[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		err := a.member(name)
		if err != nil {
			return err
		}
	}
	return a.tw.Close()
}

func (a *archiveWriter) member(name string) error {
	if data := a.documents[name]; data != nil {
		if err := a.header(name, int64(len(data))); err != nil {
			return err
		}
		_, err := a.tw.Write(data)
		return err
	}
	return a.layer(name, a.layers[name].Digest)
}

func (a *archiveWriter) header(name string, size int64) error {
	return a.tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)})
}

// layer copies a blob, and makes sure that it is still what it was.
func (a *archiveWriter) layer(name, digest string) error {
	file, err := os.Open(a.store.blob(digest))
	if err != nil {
		return fmt.Errorf("read layer %s: %w", ShortID(digest), err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read layer %s: %w", ShortID(digest), err)
	}
	if err := a.header(name, info.Size()); err != nil {
		return err
	}
	sha, buffer := sha256.New(), make([]byte, 1<<20)
	for {
		if a.ctx.Err() != nil {
			return context.Cause(a.ctx)
		}
		n, err := file.Read(buffer)
		sha.Write(buffer[:n])
		if _, err := a.tw.Write(buffer[:n]); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read layer %s: %w", ShortID(digest), err)
		}
	}
	if got := sum(sha); got != digest {
		return fmt.Errorf("layer %s on the disk is damaged: %w: it is %s now; rmi the image and pull it again", digest, ErrDigest, got)
	}
	return nil
}
