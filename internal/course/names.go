package course

import (
	"strconv"
	"strings"
)

// meant ends a sentence about a wrong name with the right one, where one is near, and else with all there are.
func meant(got string, names []string) string {
	best, distance := "", 3
	for _, n := range names {
		if d := edits(got, n); d < distance && d < len(n) {
			best, distance = n, d
		}
	}
	if best != "" {
		return "; did you mean " + strconv.Quote(best) + "?"
	}
	return "; there are " + strings.Join(names, ", ")
}

// edits counts the letters to change, add or leave out that make a of b (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, last+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// goodName says whether a variable may be called that: it is a shell variable too.
func goodName(s string) bool {
	for i, c := range s {
		if !(c >= 'a' && c <= 'z' || c == '_' && i > 0 || c >= '0' && c <= '9' && i > 0) {
			return false
		}
	}
	return s != ""
}

func findField(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func names(fields []field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	return all
}

func shown(n node) string {
	if n.null {
		return "empty"
	}
	if n.kind == scalar {
		return strconv.Quote(n.text)
	}
	return n.kind.String()
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, " and ")
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}
