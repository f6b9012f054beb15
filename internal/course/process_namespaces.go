package course

import (
	"context"
	"fmt"
)

// unshareFlag is unshare(1)'s option for a kind, and what else one needs to know of it.
func unshareAdvice(kind string) string {
	switch kind {
	case "mnt":
		return "`unshare` makes one only with -m."
	case "uts":
		return "`unshare` makes one only with -u."
	case "ipc":
		return "`unshare` makes one only with -i."
	case "net":
		return "`unshare` makes one only with -n."
	case "pid":
		return "`unshare` makes one only with -p, and only children get into it: -f starts one."
	case "user":
		return "`unshare` makes one only with -U (or -r, which maps root too)."
	case "cgroup":
		return "`unshare` makes one only with -C."
	}
	return "`unshare` makes one only with -T."
}

func compareNS(p *process, kind string) string {
	return fmt.Sprintf("`readlink /proc/%d/ns/%s /proc/self/ns/%s`", p.PID, kind, kind)
}

func (v *View) processOwn(_ context.Context, q *ProcessCheck, p *process) Finding {
	for _, kind := range everyKind(q.Own) {
		n, err := namespaceOf(p.PID, kind)
		if err != nil {
			return cannot("the "+kind+" namespace of "+p.String(), err)
		}
		if v.isHome(n) {
			return no(fmt.Sprintf("%s is in %s", p, v.whose(n)), "one in a namespace of its own").
				advise(unshareAdvice(kind)).at(compareNS(p, kind))
		}
	}
	return yes()
}

func (v *View) processShared(_ context.Context, q *ProcessCheck, p *process) Finding {
	for _, kind := range everyKind(q.Shared) {
		n, err := namespaceOf(p.PID, kind)
		if err != nil {
			return cannot("the "+kind+" namespace of "+p.String(), err)
		}
		if !v.isHome(n) {
			host := nsID{kind, v.Home.Namespaces[kind]}
			return no(fmt.Sprintf("%s is in %s", p, n), fmt.Sprintf("it in the host's, %s", host)).
				advise("Start it without making a namespace of this kind.").at(compareNS(p, kind))
		}
	}
	return yes()
}

func (v *View) processSame(ctx context.Context, q *ProcessCheck, p *process) Finding {
	for _, kind := range sortedKeys(q.Same) {
		ref := q.Same[kind]
		got, want, f := v.pairOf(ctx, p, kind, ref)
		if !f.OK {
			return f
		}
		if got != want {
			return no(fmt.Sprintf("%s is in %s", p, v.whose(got)), fmt.Sprintf("it in %s, that of %s", want, v.nameOf(ref))).
				advise("`nsenter` joins a namespace: -t PID with the letter of the kind, or a file.").at(fmt.Sprintf("`readlink /proc/%d/ns/%s`", p.PID, kind))
		}
	}
	for _, kind := range sortedKeys(q.Differs) {
		ref := q.Differs[kind]
		got, other, f := v.pairOf(ctx, p, kind, ref)
		if !f.OK {
			return f
		}
		if got == other {
			return no(fmt.Sprintf("%s is in %s, as %s is", p, v.whose(got), v.nameOf(ref)), "another one for it").
				advise(unshareAdvice(kind)).at(fmt.Sprintf("`readlink /proc/%d/ns/%s`", p.PID, kind))
		}
	}
	return yes()
}

func (v *View) pairOf(ctx context.Context, p *process, kind, ref string) (got, other nsID, f Finding) {
	got, err := namespaceOf(p.PID, kind)
	if err != nil {
		return got, other, cannot("the "+kind+" namespace of "+p.String(), err)
	}
	other, _, err = v.nsRef(ctx, ref, kind)
	if err != nil && other.ino == 0 {
		return got, other, cannot("the "+kind+" namespace of "+v.nameOf(ref), err)
	}
	return got, other, yes()
}
