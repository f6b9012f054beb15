package image

import (
	"context"
	"errors"
	"fmt"
)

// Discard is Remove of an image with all its names, whatever repositories they are of: for who found by itself that nobody needs it. Under
// opt.InUse, which is asked under the lock of names, it stays.
func (s *Store) Discard(ctx context.Context, id string, opt RemoveOptions) (*Removed, error) {
	removed := &Removed{}
	err := s.update(ctx, func(x *index) error {
		if !x.has(id) {
			return fmt.Errorf("%w: %s", ErrNotFound, ShortID(id))
		}
		if opt.InUse != nil {
			if user, _ := opt.InUse(id); user != "" {
				return fmt.Errorf("%w: image %s is used by container %s", ErrConflict, ShortID(id), user)
			}
		}
		removed.Untagged = x.names(id)
		x.forget(id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	removed.Deleted = append(removed.Deleted, id)
	layers, err := s.Sweep(ctx, opt.KeepLayer)
	removed.Deleted = append(removed.Deleted, layers...)
	return removed, err
}

// Sweep removes layers and blobs that no image, no container (keep) and nobody at work has, and what dead processes left. It returns the layers'
// diff ids.
func (s *Store) Sweep(ctx context.Context, keep func(diffID string) bool) ([]string, error) {
	if !s.here() {
		return nil, nil
	}
	layers, dead, err := s.collect(ctx, keep)
	for _, path := range dead {
		if failed := removeAll(path); failed != nil {
			err = errors.Join(err, fmt.Errorf("remove layer: %w", failed))
		}
	}
	s.sweep()
	return layers, err
}
