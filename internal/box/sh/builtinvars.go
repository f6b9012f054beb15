package sh

import (
	"maps"
	"slices"
	"strings"
)

func (s *Shell) export(args []string) {
	isExport := args[0] == "export"
	args = args[1:]
	remove := false
	for len(args) > 0 && len(args[0]) == 2 && args[0][0] == '-' {
		remove = remove || args[0] == "-n"
		opt := args[0]
		args = args[1:]
		if opt == "--" {
			break
		}
	}
	word := "readonly "
	if isExport {
		word = "export "
	}
	if len(args) == 0 {
		for _, k := range slices.Sorted(maps.Keys(s.vars)) {
			v := s.vars[k]
			if isExport && !v.export || !isExport && !v.fixed {
				continue
			}
			line := word + k
			if v.set {
				line += "=" + quoteAlways(v.value)
			}
			if !s.write(line + "\n") {
				return
			}
		}
		return
	}
	for _, a := range args {
		name, value, has := strings.Cut(a, "=")
		if !validName(name) {
			s.failed(2, "%s%s: bad variable name", word, name)
			if !s.interactive {
				s.flow = flowExit
			}
			return
		}
		if has {
			s.mustSet(name, value)
		}
		v := s.vars[name]
		if v == nil {
			v = &variable{}
			s.vars[name] = v
		}
		if isExport {
			v.export = !remove
		} else {
			v.fixed = true
		}
	}
}

func quoteAlways(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

func (s *Shell) unset(args []string) {
	funcs := false
	for _, a := range args[1:] {
		switch {
		case a == "-f":
			funcs = true
		case a == "-v":
			funcs = false
		case funcs:
			delete(s.funcs, a)
		default:
			if v := s.vars[a]; v != nil && v.fixed {
				s.failed(1, "unset: %s: is read only", a)
				continue
			}
			delete(s.vars, a)
		}
	}
}

func (s *Shell) local(args []string) {
	if len(s.scopes) == 0 {
		s.failed(2, "local: not in a function")
		return
	}
	top := len(s.scopes) - 1
	if s.scopes[top] == nil {
		s.scopes[top] = make(map[string]*variable)
	}
	for _, a := range args[1:] {
		name, value, has := strings.Cut(a, "=")
		if !validName(name) {
			s.failed(2, "local: %s: bad variable name", name)
			return
		}
		old := s.vars[name]
		if _, seen := s.scopes[top][name]; !seen {
			s.scopes[top][name] = old
			if old != nil {
				d := *old
				s.vars[name] = &d
			}
		}
		if has {
			s.mustSet(name, value)
		} else if old == nil {
			s.vars[name] = &variable{}
		}
	}
}

func (s *Shell) let(args []string) {
	var n int64
	for _, a := range args[1:] {
		var err error
		if n, err = s.arith(a); err != nil {
			s.failed(2, "let: %v", err)
			return
		}
	}
	s.status = 0
	if n == 0 {
		s.status = 1
	}
}
