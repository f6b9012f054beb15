package course

import (
	"context"
	"slices"
	"strings"
)

// thaw lets the members of the lab's groups run again before they are ended: on v1 a frozen process does not even die of
// SIGKILL. What cannot be thawed is told by the steps that follow.
func (r resetting) thaw(ctx context.Context) {
	m, err := r.v.groups()
	if err != nil {
		return
	}
	var tops []string
	for _, path := range r.lab.Reset.Cgroups {
		path = strings.Trim(r.v.expand(ctx, path), "/")
		if !slices.Contains(r.ledger.Before, "group "+path) {
			tops = append(tops, path)
		}
	}
	if r.ledger.Fence != "" {
		tops = append(tops, r.ledger.Fence)
	}
	for _, top := range tops {
		below, err := m.List(top)
		if err != nil {
			continue
		}
		for _, path := range append(below, top) {
			if g, err := m.Open(path); err == nil {
				_ = g.Thaw()
			}
		}
	}
}
