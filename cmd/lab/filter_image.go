package main

import (
	"path"
	"strings"
	"time"

	"github.com/container-labs/lab/internal/image"
)

var imageFilterKeys = []string{"before", "dangling", "label", "label!", "reference", "since", "until"}

// imageFilter is --filter of images and of image prune.
type imageFilter struct {
	filters
	dangling, onlyDangling bool
	before, since, until   time.Time
}

func newImageFilter(images *image.Store, asked []string) (*imageFilter, error) {
	keys, err := parseFilters(asked, imageFilterKeys...)
	if err != nil {
		return nil, err
	}
	f := &imageFilter{filters: keys}
	if f.dangling, f.onlyDangling, err = keys.boolean("dangling"); err != nil {
		return nil, err
	}
	if f.until, err = keys.until(); err != nil {
		return nil, err
	}
	for key, moment := range map[string]*time.Time{"before": &f.before, "since": &f.since} {
		for _, name := range keys[key] {
			img, err := images.Find(name)
			if err != nil {
				return nil, err
			}
			*moment = img.Created
		}
	}
	return f, nil
}

func (f *imageFilter) match(r imageRow) bool {
	nameless := r.repository == "<none>" || r.tag == "<none>" && len(r.Names) == 0
	return (!f.onlyDangling || f.dangling == nameless) &&
		f.hasLabels(r.Config.Labels) &&
		f.has("before", func(string) bool { return r.Created.Before(f.before) }) &&
		f.has("since", func(string) bool { return r.Created.After(f.since) }) &&
		f.has("until", func(string) bool { return r.Created.Before(f.until) }) &&
		f.has("reference", func(pattern string) bool { return fitsReference(pattern, r) })
}

// fitsReference matches a pattern with asterisks with the end of a name's path: busybox:*, *busybox, ghcr.io/*/x.
func fitsReference(pattern string, r imageRow) bool {
	whole := r.repository + ":" + r.tag
	parts := strings.Split(whole, "/")
	for i := range parts {
		name := strings.Join(parts[i:], "/")
		for _, n := range [...]string{name, strings.TrimSuffix(name, ":"+r.tag)} {
			if ok, err := path.Match(pattern, n); err == nil && ok {
				return true
			}
		}
	}
	return false
}
