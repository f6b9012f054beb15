package capability

import (
	"cmp"
	"slices"
	"strings"
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
		d := distance(wrong, name)
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

// distance counts the single bytes to insert, delete or replace to make b of a
// (Levenshtein's distance), row by row.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
