package sh

import (
	"maps"
	"slices"
	"strings"
)

func (s *Shell) aliases(args []string) {
	if len(args) == 1 {
		for _, k := range slices.Sorted(maps.Keys(s.alias)) {
			s.write(k + "=" + quoteAlways(s.alias[k]) + "\n")
		}
	}
	for _, a := range args[1:] {
		name, value, has := strings.Cut(a, "=")
		if v, ok := s.alias[name]; has {
			s.alias[name] = value
		} else if ok {
			s.write(name + "=" + quoteAlways(v) + "\n")
		} else {
			s.failed(1, "alias: %s not found", name)
		}
	}
}

func (s *Shell) unalias(args []string) {
	for _, a := range args[1:] {
		if a == "-a" {
			clear(s.alias)
		} else if _, ok := s.alias[a]; !ok {
			s.failed(1, "unalias: %s not found", a)
		}
		delete(s.alias, a)
	}
}
