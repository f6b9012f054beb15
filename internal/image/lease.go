package image

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// A lease says what its process is about to use, so that a deletion elsewhere
// leaves it. It is tmp/lease-N, locked while its owner lives.
type lease struct {
	file *os.File
}

type leased struct {
	Blobs  []string `json:"blobs"`
	Layers []string `json:"layers"`
}

// lease must come before the look at what exists: a deletion that has already
// decided is over when the index's lock is free.
func (s *Store) lease(ctx context.Context, what leased) (*lease, error) {
	lock, err := s.lockIndex(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	data, err := json.Marshal(what)
	if err != nil {
		return nil, fmt.Errorf("write lease: %w", err)
	}
	for {
		f, err := os.CreateTemp(s.path("tmp"), "lease-*")
		if err != nil {
			return nil, fmt.Errorf("write lease: %w", err)
		}
		if ok, err := tryLock(f); err != nil || !ok || !stillNamed(f, f.Name()) {
			f.Close() // swept between the two calls
			continue
		}
		if _, err := f.Write(data); err != nil {
			os.Remove(f.Name())
			f.Close()
			return nil, fmt.Errorf("write lease: %w", err)
		}
		return &lease{file: f}, nil
	}
}

func (l *lease) end() {
	if l == nil {
		return
	}
	os.Remove(l.file.Name())
	l.file.Close()
}

// leases are what the living hold. Under the index's lock.
func (s *Store) leases() (leased, error) {
	var all leased
	entries, err := os.ReadDir(s.path("tmp"))
	if err != nil {
		return all, fmt.Errorf("read leases: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "lease-") {
			continue
		}
		f, err := os.Open(s.path("tmp", e.Name()))
		if err != nil {
			continue // just ended
		}
		if dead, err := tryLock(f); err == nil && dead {
			os.Remove(f.Name())
		} else {
			var one leased
			if err := json.NewDecoder(f).Decode(&one); err == nil {
				all.Blobs = append(all.Blobs, one.Blobs...)
				all.Layers = append(all.Layers, one.Layers...)
			}
		}
		f.Close()
	}
	return all, nil
}
