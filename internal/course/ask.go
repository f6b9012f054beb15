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
	case <-time.After(patience + time.Second):
		return Finding{Found: fmt.Sprintf("the answer did not come within %v", patience)}.
			advise("Something that the check looks at hangs: a file system that does not answer, or a process in state D.")
	case <-ctx.Done():
		select {
		case f := <-answer:
			return f
		case <-time.After(time.Second):
		}
		return Finding{Found: fmt.Sprintf("the answer did not come within %v", patience)}.
			advise("Something that the check looks at hangs: a file system that does not answer, or a process in state D.")
	}
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

// ask tries a check with every process that its variables may mean, the newest first. One that passes is enough; if
// none does, the newest is spoken about.
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
	tries := 0
	var bind func(i int) bool
	bind = func(i int) bool {
		if i == len(vars) {
			tries++
			f := v.judge(ctx, c)
			if first == nil || f.OK {
				first = &f
			}
			return f.OK || tries >= mostTries || ctx.Err() != nil
		}
		found := v.candidates(ctx, vars[i])
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

func (v *View) eventually(ctx context.Context, e *Eventually) Finding {
	end := time.Now().Add(time.Duration(e.Within))
	for {
		f := v.ask(ctx, e.Check)
		if f.OK || ctx.Err() != nil || time.Now().After(end) {
			return f
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
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

func (v *View) askAll(ctx context.Context, all []*Check) Finding {
	for i, one := range all {
		if f := v.judge(ctx, one); !f.OK {
			f.passed += i
			return f
		}
	}
	return yes()
}

func (v *View) askAny(ctx context.Context, all []*Check) Finding {
	var best Finding
	for i, one := range all {
		f := v.judge(ctx, one)
		if f.OK {
			return f
		}
		if i == 0 || f.passed > best.passed {
			best = f
		}
	}
	return best
}

func (v *View) askNot(ctx context.Context, c *Check) Finding {
	f := v.judge(ctx, c)
	if !f.OK {
		return yes()
	}
	return no("this is true: "+v.question(ctx, c), "it not to be")
}

// question says in a few words what a check asks, for a not.
func (v *View) question(ctx context.Context, c *Check) string {
	switch {
	case c.Process != nil && c.Process.Of != "":
		if p := v.bound[c.Process.Of]; p != nil {
			return p.String() + " is as it should not be"
		}
		return "the process " + c.Process.Of + " is as it should not be"
	case c.File != nil:
		return v.path(ctx, c.File.Path) + " is there as described"
	case c.Mount != nil:
		return "something is mounted at " + v.path(ctx, c.Mount.At)
	case c.Cgroup != nil:
		return "the group " + v.expand(ctx, c.Cgroup.Path) + " is as it should not be"
	case c.Command != nil:
		return "`" + c.Command.Run + "` does it"
	}
	return "what the check in line " + fmt.Sprint(c.Line) + " of lab.yaml describes"
}

// uses lists the variables that a check speaks of, and those that they speak of in turn.
func (v *View) uses(c *Check) map[string]bool {
	used := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		def, ok := v.Lab.Var(name)
		if !ok || used[name] {
			return
		}
		used[name] = true
		mentions(reflect.ValueOf(def).Elem(), add)
	}
	mentions(reflect.ValueOf(c).Elem(), add)
	return used
}

// mentions calls add with every word below a value that may be a variable's name. Too many do no harm.
func mentions(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			mentions(v.Elem(), add)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Tag.Get("is") == "shell" {
				for _, ref := range references(v.Field(i).String()) {
					add(ref)
				}
				continue
			}
			if f.IsExported() && f.Name != "Name" {
				mentions(v.Field(i), add)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			mentions(v.Index(i), add)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			mentions(v.MapIndex(key), add)
		}
	case reflect.String:
		add(v.String())
		for _, ref := range references(v.String()) {
			for i := range len(ref) {
				if ref[i] == '.' {
					ref = ref[:i]
					break
				}
			}
			add(ref)
		}
	}
}
