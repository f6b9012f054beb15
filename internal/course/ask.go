package course

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"
)

// Ask answers a check. It changes nothing, and comes back also when something that it looks at never answers.
func (v *View) Ask(ctx context.Context, c *Check) Finding {
	patience := 10*time.Second + c.patience()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	answer := make(chan Finding, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				answer <- Finding{Found: fmt.Sprintf("lab itself went wrong at this check: %v\n%s", r, debug.Stack())}
			}
		}()
		own := *v // who was given up goes on with what is its own
		answer <- own.ask(ctx, c)
	}()
	select {
	case f := <-answer:
		return f
	case <-ctx.Done():
	}
	select {
	case f := <-answer:
		return f
	case <-time.After(time.Second):
	}
	return Finding{Found: fmt.Sprintf("the answer did not come within %v", patience)}.
		advise("Something that the check looks at hangs: a file system that does not answer, or a process in state D.")
}

// patience is the time that a check asks for by itself.
func (c *Check) patience() time.Duration {
	var sum time.Duration
	each := func(v reflect.Value) {
		for v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				if d, ok := v.Field(i).Interface().(Duration); ok {
					sum += time.Duration(d)
				}
			}
		}
	}
	for _, one := range c.inner() {
		sum += one.patience()
	}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		each(v.Field(i))
	}
	switch {
	case c.Cgroup != nil && c.Cgroup.CPU != nil:
		each(reflect.ValueOf(c.Cgroup.CPU))
		sum += 2 * time.Second
	case c.Cgroup != nil && c.Cgroup.Ratio != nil:
		each(reflect.ValueOf(c.Cgroup.Ratio))
		sum += 3 * time.Second
	case c.Go != nil:
		sum += goPatience
	}
	return sum
}

// inner are the checks that a check is made of.
func (c *Check) inner() []*Check {
	list := append(append([]*Check(nil), c.All...), c.Any...)
	if c.Not != nil {
		list = append(list, c.Not)
	}
	if c.Eventually != nil {
		list = append(list, c.Eventually.Check)
	}
	return list
}

// mostTries is how many combinations of processes a check is asked with.
const mostTries = 64

// ask tries a check with every process that its variables may mean, the likeliest first. One that passes is enough; if
// none does, the likeliest is spoken about.
func (v *View) ask(ctx context.Context, c *Check) Finding {
	if e := c.Eventually; e != nil {
		return v.eventually(ctx, e)
	}
	v.look()
	used := v.uses(c)
	var vars []*Var
	for i := range v.Lab.Vars {
		if def := &v.Lab.Vars[i]; def.Process != nil && used[def.Name] {
			vars = append(vars, def)
		}
	}
	var first *Finding
	tries, many := 0, map[string]int{}
	var bind func(i int) bool
	bind = func(i int) bool {
		if i == len(vars) {
			tries++
			clear(v.outputs) // a command may speak of a process
			f := v.judge(ctx, c)
			if !f.OK && first == nil {
				f.Meant = v.meant(f, many)
			}
			if first == nil || f.OK {
				first = &f
			}
			return f.OK || tries >= mostTries || ctx.Err() != nil
		}
		found := v.candidates(ctx, vars[i])
		many[vars[i].Name] = len(found)
		if len(found) == 0 {
			v.bound[vars[i].Name] = nil
			return bind(i + 1)
		}
		for n := range found {
			v.bound[vars[i].Name] = &found[n]
			if bind(i + 1) {
				return true
			}
		}
		return false
	}
	bind(0)
	return *first
}

// judge answers a check with the processes that are bound.
func (v *View) judge(ctx context.Context, c *Check) (f Finding) {
	switch {
	case c.Process != nil:
		f = v.askProcess(ctx, c.Process)
	case c.Namespace != nil:
		f = v.askNamespace(ctx, c.Namespace)
	case c.Cgroup != nil:
		f = v.askCgroup(ctx, c.Cgroup)
	case c.Mount != nil:
		f = v.askMount(ctx, c.Mount)
	case c.File != nil:
		f = v.askFile(ctx, c.File)
	case c.Network != nil:
		f = v.askNetwork(ctx, c.Network)
	case c.Container != nil:
		f = v.askRecord(ctx, "container", c.Container)
	case c.Image != nil:
		f = v.askRecord(ctx, "image", c.Image)
	case c.Command != nil:
		f = v.askCommand(ctx, c.Command)
	case c.Go != nil:
		f = v.askGo(ctx, c.Go)
	case c.Not != nil:
		f = v.askNot(ctx, c.Not)
	case c.Any != nil:
		f = v.askAny(ctx, c.Any)
	case c.All != nil:
		f = v.askAll(ctx, c.All)
	case c.Eventually != nil:
		own := *v
		f = own.eventually(ctx, c.Eventually)
	}
	if !f.OK {
		if c.Say != "" {
			f.Advice = v.expand(ctx, c.Say)
		}
		if c.Look != "" {
			f.Look = v.expand(ctx, c.Look)
		}
	}
	return f
}
