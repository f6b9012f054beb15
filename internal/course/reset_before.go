package course

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// before lists the things that the lab declares and that are there already when it begins, as "link br-lab".
func (v *View) before(ctx context.Context) []string {
	var all []string
	note := func(kind, name string, there bool) {
		if there {
			all = append(all, kind+" "+name)
		}
	}
	d := &v.Lab.Reset
	for _, name := range d.Links {
		name = v.expand(ctx, name)
		note("link", name, linkExists(name))
	}
	for _, path := range d.Namespaces {
		path = v.path(ctx, path)
		note("namespace", path, kept(path))
	}
	mounts, _ := mountsOf(nil)
	for _, path := range d.Mounts {
		path = v.path(ctx, path)
		note("mount", path, slices.ContainsFunc(mounts, func(m mountLine) bool { return m.at == path }))
	}
	if m, err := v.groups(); err == nil {
		for _, path := range d.Cgroups {
			path = strings.Trim(v.expand(ctx, path), "/")
			note("group", path, groupExists(m, path))
		}
	}
	for _, path := range d.Files {
		path = v.path(ctx, path)
		note("file", path, exists(path))
	}
	for _, name := range append(slices.Clone(d.Containers), d.Images...) {
		name = v.expand(ctx, name)
		record, err := v.inspect(ctx, name)
		note("record", name, err == nil && record != nil)
	}
	for _, name := range d.Processes {
		if def, ok := v.Lab.Var(name); ok {
			for _, p := range v.selected(ctx, def.Process) {
				note("process", p.identity(), true)
			}
		}
	}
	return all
}

// identity tells a process from all others of this boot.
func (p *process) identity() string { return fmt.Sprintf("%d started at %d", p.PID, p.Start) }

// wasThere says whether a thing is older than the lab, and if so that it is left.
func (r resetting) wasThere(kind, name, words string) bool {
	if !slices.Contains(r.ledger.Before, kind+" "+name) {
		return false
	}
	r.out.left("%s: it was there before the lab was started", words)
	return true
}
