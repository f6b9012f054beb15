package image

import (
	"strings"
	"time"
)

// A Description is an image as docker inspect shows it, for templates that name
// its fields.
type Description struct {
	ID            string `json:"Id"`
	RepoTags      []string
	RepoDigests   []string
	Parent        string // always empty: lab keeps no images between
	Comment       string
	Created       time.Time
	Author        string
	Config        Config
	Architecture  string
	Variant       string `json:",omitempty"`
	Os            string
	Size          int64
	VirtualSize   int64
	GraphDriver   GraphDriver
	RootFS        RootLayers
	Metadata      map[string]string
	DockerVersion string
}

// GraphDriver says where the layers are.
type GraphDriver struct {
	Name string
	Data map[string]string // LowerDir, UpperDir: the rest, and the topmost layer
}

// RootLayers are the diff ids, base first.
type RootLayers struct {
	Type   string
	Layers []string
}

// Describe gathers what is known of an image by name or id.
func (s *Store) Describe(name string) (*Description, error) {
	img, err := s.Inspect(name)
	if err != nil {
		return nil, err
	}
	cfg, err := s.ConfigFile(img)
	if err != nil {
		return nil, err
	}
	d := &Description{
		ID: img.ID, RepoTags: []string{}, RepoDigests: []string{}, Created: img.Created, Author: cfg.Author,
		Config: img.Config, Architecture: img.Architecture, Variant: img.Variant, Os: img.OS,
		Size: img.Size, VirtualSize: img.Size,
		GraphDriver: GraphDriver{Name: "overlay2", Data: map[string]string{}},
		RootFS:      RootLayers{Type: "layers", Layers: img.DiffIDs},
	}
	if n := len(cfg.History); n > 0 {
		d.Comment = cfg.History[n-1].Comment
	}
	for _, n := range img.Names {
		d.RepoTags = append(d.RepoTags, familiar(n))
	}
	for _, n := range img.RepoDigests {
		d.RepoDigests = append(d.RepoDigests, familiar(n))
	}
	if len(img.Layers) > 0 {
		d.GraphDriver.Data["UpperDir"] = img.Layers[0]
	}
	if len(img.Layers) > 1 {
		d.GraphDriver.Data["LowerDir"] = strings.Join(img.Layers[1:], ":")
	}
	return d, nil
}

// A Step is one line of history, the youngest first.
type Step struct {
	Created   time.Time
	CreatedBy string
	Comment   string
	Size      int64
	DiffID    string // empty for a step that made no layer
}

// History tells how an image came about. Only the youngest step has its id: the
// others' images are not kept.
func (s *Store) History(img *Image) ([]Step, error) {
	cfg, err := s.ConfigFile(img)
	if err != nil {
		return nil, err
	}
	var steps []Step
	layer := 0
	for _, h := range cfg.History {
		step := Step{Created: h.Created.Time, CreatedBy: h.CreatedBy, Comment: h.Comment}
		if !h.EmptyLayer && layer < len(img.DiffIDs) {
			step.DiffID = img.DiffIDs[layer]
			step.Size, _ = s.LayerSize(step.DiffID)
			layer++
		}
		steps = append([]Step{step}, steps...)
	}
	for ; layer < len(img.DiffIDs); layer++ { // layers that nobody wrote down
		size, _ := s.LayerSize(img.DiffIDs[layer])
		steps = append([]Step{{DiffID: img.DiffIDs[layer], Size: size}}, steps...)
	}
	return steps, nil
}
