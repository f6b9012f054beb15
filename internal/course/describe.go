package course

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// describe names a variable's process for a sentence: "process `sleep 60`".
func (v *View) describe(ctx context.Context, def *Var) string {
	text := v.describeSelect(ctx, def.Process)
	if def.About != "" {
		text += " (" + def.About + ")"
	}
	return text
}

func (v *View) describeSelect(ctx context.Context, s *Select) string {
	var with []string
	add := func(format, value string) {
		if value != "" {
			with = append(with, fmt.Sprintf(format, value))
		}
	}
	name := "process"
	if s.Command != "" {
		name += " `" + v.expand(ctx, s.Command) + "`"
	}
	add("whose root directory is %s", v.short(ctx, s.Root))
	add("in the directory %s", v.short(ctx, s.Cwd))
	add("in the group %s", v.expand(ctx, s.Cgroup))
	add("that is a child of %s", v.nameOf(s.Parent))
	add("that descends from %s", v.nameOf(s.Below))
	add("in state %s", s.State)
	add("whose number is in %s", v.short(ctx, s.PIDFile))
	if s.UID != nil {
		with = append(with, fmt.Sprintf("of user %d", *s.UID))
	}
	if s.PID != nil {
		with = append(with, fmt.Sprintf("that is number %d in its PID namespace", *s.PID))
	}
	for _, kind := range sortedKeys(s.In) {
		with = append(with, fmt.Sprintf("in the %s namespace of %s", kind, v.nameOf(s.In[kind])))
	}
	if len(s.Own) > 0 {
		with = append(with, "with namespaces of its own ("+strings.Join(s.Own, ", ")+")")
	}
	if len(s.Shared) > 0 {
		with = append(with, "with the host's namespaces ("+strings.Join(s.Shared, ", ")+")")
	}
	if len(with) == 0 {
		return name
	}
	return name + " " + strings.Join(with, " and ")
}

// nameOf says a variable in words.
func (v *View) nameOf(ref string) string {
	if ref == "" {
		return ""
	}
	if ref == "host" {
		return "the host"
	}
	if p := v.bound[ref]; p != nil {
		return p.String()
	}
	if def, ok := v.Lab.Var(ref); ok {
		if def.About != "" {
			return def.About
		}
		if def.Process != nil && def.Process.Command != "" {
			return "`" + def.Process.Command + "`"
		}
	}
	return ref
}

// short is a path for a sentence.
func (v *View) short(ctx context.Context, path string) string {
	if path == "" || path == "host" {
		return path
	}
	return filepath.Clean(v.path(ctx, path))
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
