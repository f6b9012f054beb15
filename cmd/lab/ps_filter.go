package main

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/pkg/container"
)

var psFilterKeys = []string{"ancestor", "before", "exited", "expose", "health", "id", "is-task", "label", "name", "network", "publish", "since", "status", "volume"}

// psFilter is --filter of ps, with everything looked up that its values name.
type psFilter struct {
	filters
	root     string
	anyState bool // a filter asks for those that do not run too
	names    []*regexp.Regexp
	exited   []int
	before   time.Time
	since    time.Time
	// ancestor: the ids of the images that are asked for, and the layers of each
	images []*image.Image
}

func psFilters(root string, list []listed, asked []string) (*psFilter, error) {
	keys, err := parseFilters(asked, psFilterKeys...)
	if err != nil {
		return nil, err
	}
	f := &psFilter{filters: keys, root: root}
	f.anyState = len(f.filters["status"]) > 0 || len(f.filters["exited"]) > 0
	for _, step := range [...]func([]listed) error{f.readNames, f.readStatus, f.readMoments, f.readAncestors} {
		if err := step(list); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *psFilter) readNames([]listed) error {
	for _, text := range f.filters["name"] {
		re, err := regexp.Compile(strings.TrimPrefix(text, "/"))
		if err != nil {
			return &exit{code: 1, err: fmt.Errorf("invalid filter 'name=%s': %w", text, err)}
		}
		f.names = append(f.names, re)
	}
	return nil
}

func (f *psFilter) readStatus([]listed) error {
	for _, s := range f.filters["status"] {
		switch container.Status(s) {
		case container.Created, container.Running, container.Paused, container.Restarting, container.Removing, container.Exited, container.Dead:
		default:
			return &exit{code: 1, err: fmt.Errorf("invalid filter 'status=%s': want created, restarting, running, removing, paused, exited or dead", s)}
		}
	}
	for _, text := range f.filters["exited"] {
		code, err := strconv.Atoi(text)
		if err != nil {
			return &exit{code: 1, err: fmt.Errorf("invalid filter 'exited=%s': want an exit status", text)}
		}
		f.exited = append(f.exited, code)
	}
	return nil
}

// readMoments looks up the containers of before and since.
func (f *psFilter) readMoments(list []listed) error {
	moment := func(key string) (time.Time, error) {
		values := f.filters[key]
		if len(values) == 0 {
			return time.Time{}, nil
		}
		name := values[len(values)-1]
		for _, c := range list {
			if name != "" && (c.Name == name || strings.HasPrefix(c.ID, name)) {
				return c.Created, nil
			}
		}
		return time.Time{}, fmt.Errorf("%w: %s", errNoContainer, name)
	}
	var err error
	if f.before, err = moment("before"); err != nil {
		return err
	}
	f.since, err = moment("since")
	return err
}

// readAncestors looks up images: a container descends from an image whose layers are the lower part of its own.
func (f *psFilter) readAncestors([]listed) error {
	if len(f.filters["ancestor"]) == 0 {
		return nil
	}
	images, err := image.Open(f.root)
	if err != nil {
		return err
	}
	for _, name := range f.filters["ancestor"] {
		img, err := images.Find(name)
		if errors.Is(err, image.ErrNotFound) || errors.Is(err, image.ErrReference) {
			continue // an image that is not here is nobody's ancestor; or by name only, see match
		}
		if err != nil {
			return err
		}
		f.images = append(f.images, img)
	}
	return nil
}

func (f *psFilter) match(c listed) bool {
	return f.has("id", func(v string) bool { return strings.HasPrefix(c.ID, v) }) &&
		f.has("name", func(string) bool {
			return slices.ContainsFunc(f.names, func(re *regexp.Regexp) bool { return re.MatchString(c.Name) })
		}) &&
		f.hasLabels(c.Labels) &&
		f.has("status", func(v string) bool { return string(c.phase) == v }) &&
		f.has("exited", func(string) bool { return c.phase == container.Exited && slices.Contains(f.exited, c.ExitCode) }) &&
		f.has("health", func(v string) bool { return v == "none" }) && // no container has a health check yet
		f.has("is-task", func(v string) bool { return v == "false" }) &&
		f.has("publish", func(string) bool { return false }) &&
		f.has("before", func(string) bool { return c.Created.Before(f.before) }) &&
		f.has("since", func(string) bool { return c.Created.After(f.since) }) &&
		f.has("ancestor", func(v string) bool { return c.Image == v || f.descends(c) }) &&
		f.has("network", func(v string) bool { return networkOf(f.root, c.ID) == v }) &&
		f.has("expose", func(v string) bool { return exposes(f.root, c, v) }) &&
		f.has("volume", func(v string) bool { return mountsVolume(f.root, c.ID, v) })
}

func (f *psFilter) descends(c listed) bool {
	for _, img := range f.images {
		n := len(img.DiffIDs)
		if c.ImageID == img.ID || n > 0 && n <= len(c.Layers) && slices.Equal(img.DiffIDs, c.Layers[:n]) {
			return true
		}
	}
	return false
}

// mountsVolume says whether a container has something mounted that is called so, inside or outside.
func mountsVolume(root, id, name string) bool {
	spec, err := readSpec(root, id)
	if err != nil {
		return false
	}
	for _, m := range ownMounts(spec) {
		if m.Destination == path.Clean(name) || m.Source == name || strings.HasPrefix(m.Source, path.Join(root, "volumes", name)+"/") {
			return true
		}
	}
	return false
}

// exposes looks into the image: 80, 80/tcp or 8000-8080/udp.
func exposes(root string, c listed, want string) bool {
	images, err := image.Open(root)
	if err != nil {
		return false
	}
	img, err := images.Find(c.ImageID)
	if err != nil {
		return false
	}
	var wanted image.Config
	if image.Change(&wanted, "EXPOSE "+want) != nil {
		return false
	}
	for port := range wanted.ExposedPorts {
		if _, ok := img.Config.ExposedPorts[port]; ok {
			return true
		}
	}
	return false
}
