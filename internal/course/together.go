package course

import (
	"context"
	"fmt"
	"time"
)

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
