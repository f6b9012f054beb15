package course

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

func (r resetting) groups(ctx context.Context) error {
	m, err := r.v.groups()
	if err != nil {
		return nil // no control groups, and so none of ours
	}
	var errs []error
	for _, path := range r.lab.Reset.Cgroups {
		path = strings.Trim(r.v.expand(ctx, path), "/")
		if !groupExists(m, path) || r.wasThere("group", path, "the control group "+path) {
			continue
		}
		if err := m.Group(path, cgroup.Limits{}).Delete(); err != nil {
			errs = append(errs, err)
			continue
		}
		r.out.removed("the control group %s", path)
	}
	if r.ledger.Fence != "" && groupExists(m, r.ledger.Fence) {
		r.leave(m)
		if err := m.Group(r.ledger.Fence, cgroup.Limits{}).Delete(); err != nil {
			errs = append(errs, err)
		} else {
			r.out.removed("the fence %s", r.ledger.Fence)
			_ = m.RemoveEmpty(filepath.Dir(r.ledger.Fence))
		}
	}
	return errors.Join(errs...)
}

// leave moves terminals, and what people have started in them, out of the fence, to where they were. What is in other
// groups of the fence was put there, and ends with them.
func (r resetting) leave(m *cgroup.Machine) {
	back := map[string]string{}
	boot := r.ledger.boot() == bootID()
	for _, moved := range r.ledger.Shells {
		if boot {
			for tree, dir := range moved.From {
				back[tree] = dir
			}
		}
	}
	var named []string
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		tree := h.Dir + h.Base
		text, err := os.ReadFile(tree + "/" + r.ledger.Fence + "/shell/cgroup.procs")
		if h.Name != "" || err != nil {
			continue
		}
		to := back[tree]
		if to == "" || !exists(to) {
			to = tree
		}
		for _, word := range strings.Fields(string(text)) {
			pid, _ := strconv.Atoi(word)
			p, err := readProcess(pid)
			if err != nil || p.TTY == 0 && !slices.ContainsFunc(ancestorsUpTo(0), func(q process) bool { return q.PID == pid }) {
				continue
			}
			if os.WriteFile(to+"/cgroup.procs", []byte(word), 0) == nil && pid != os.Getpid() && !slices.Contains(named, p.String()) {
				named = append(named, p.String())
			}
		}
	}
	for _, name := range named {
		r.out.left("%s: it is of a terminal, and was put back to where it was before the fence", name)
	}
}

func groupExists(m *cgroup.Machine, path string) bool {
	for i := range m.Hierarchies {
		if h := &m.Hierarchies[i]; h.Name == "" && path != "" && exists(h.Dir+h.Base+"/"+path) {
			return true
		}
	}
	return false
}
