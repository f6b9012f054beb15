package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// ImportOptions: the zero value makes an image that says nothing about how to run it.
type ImportOptions struct {
	Changes  []string // Dockerfile lines, as for Change
	Message  string   // for the history
	Platform string   // what the file system is made for; empty: this machine
}

// Import makes an image of a root file system: a tar, plain or compressed, as
// export writes it. name may be empty.
func (s *Store) Import(ctx context.Context, name string, r io.Reader, opt ImportOptions) (*Image, error) {
	p, err := parsePlatform(opt.Platform)
	if err != nil {
		return nil, err
	}
	now := Time{Time: time.Now().UTC().Truncate(time.Second)}
	cfg := ConfigFile{Created: now, OS: p.OS, Architecture: p.Architecture, Variant: p.Variant,
		History: []History{{Created: now, Comment: opt.Message, CreatedBy: "lab import"}}}
	if opt.Message == "" {
		cfg.History[0].Comment = "imported from a tar"
	}
	for _, line := range opt.Changes {
		if err := Change(&cfg.Config, line); err != nil {
			return nil, err
		}
	}
	img, err := s.Add(ctx, name, cfg, []LayerSource{{Open: func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}})
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return nil, fmt.Errorf("import image: the disk of %s is full: %w", s.root, unix.ENOSPC)
	}
	if err != nil {
		return nil, fmt.Errorf("import image: %w", err)
	}
	return img, nil
}
