package capability

import (
	"cmp"
	"slices"
	"strings"

	"github.com/container-labs/lab/internal/spelling"
)

// nearest returns up to three names that a reader may have meant by wrong
// (upper case, with prefix), nearest first: those a few typing errors away,
// and those of which it is a part ("CAP_ADMIN" is in "CAP_NET_ADMIN").
func nearest(wrong string) []string {
	const longest = len("CAP_CHECKPOINT_RESTORE") + 3
	if len(wrong) > longest {
		return nil // nothing is near, and the work below grows with the length
	}
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	part := strings.TrimPrefix(wrong, "CAP_")
	for _, name := range names {
		d := spelling.Distance(wrong, name)
		within := len(part) >= 3 && strings.Contains(name, part)
		if d <= 2 || d <= len(part)/3 || within {
			found = append(found, candidate{name, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var near []string
	for _, c := range found[:min(len(found), 3)] {
		near = append(near, c.name)
	}
	return near
}
