package course

import (
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/spelling"
)

// meant ends a sentence about a wrong name with the right one, where one is near, and else with all there are.
func meant(got string, names []string) string {
	best, distance := "", 3
	for _, n := range names {
		if d := spelling.Distance(got, n); d < distance && d < len(n) {
			best, distance = n, d
		}
	}
	if best != "" {
		return "; did you mean " + strconv.Quote(best) + "?"
	}
	return "; there are " + strings.Join(names, ", ")
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
