package course

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/capability"
)

func (v *View) processUser(_ context.Context, q *ProcessCheck, p *process) Finding {
	if q.UID != nil {
		got, err := p.uid()
		if err != nil {
			return cannot("the user of "+p.String(), err)
		}
		if got != *q.UID {
			return no(fmt.Sprintf("%s runs as user %d, seen from the host", p, got), fmt.Sprintf("user %d", *q.UID)).at(fmt.Sprintf("`grep Uid /proc/%d/status`", p.PID))
		}
	}
	for _, m := range []struct {
		file string
		want Strings
	}{{"uid_map", q.UIDMap}, {"gid_map", q.GIDMap}} {
		if m.want == nil {
			continue
		}
		text, err := os.ReadFile(procFile(p.PID, m.file))
		if err != nil {
			return cannot("the "+m.file+" of "+p.String(), err)
		}
		var got []string
		for line := range strings.Lines(string(text)) {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		if !slices.Equal(got, m.want) {
			have := "has no line in " + m.file
			if len(got) > 0 {
				have = "has the " + m.file + " \"" + strings.Join(got, ", ") + "\""
			}
			return no(fmt.Sprintf("%s %s", p, have), "\""+strings.Join(m.want, ", ")+"\"").
				advise("A line is: first number inside, first number outside, how many.").at(fmt.Sprintf("`cat /proc/%d/%s`", p.PID, m.file))
		}
	}
	return yes()
}

func (v *View) processRights(_ context.Context, q *ProcessCheck, p *process) Finding {
	if q.Has != nil || q.Lacks != nil {
		text, err := p.status("CapEff")
		if err != nil {
			return cannot("the capabilities of "+p.String(), err)
		}
		bits, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			return cannot("the capabilities of "+p.String(), err)
		}
		look := fmt.Sprintf("`grep CapEff /proc/%d/status`, and `capsh --decode=%s`", p.PID, text)
		for _, c := range everyCapability(q.Has) {
			if !capability.Set(bits).Has(c) {
				return no(fmt.Sprintf("%s does not have the capability %s (CapEff %s)", p, capabilityName(c), text), "it to have it").at(look)
			}
		}
		for _, c := range everyCapability(q.Lacks) {
			if capability.Set(bits).Has(c) {
				return no(fmt.Sprintf("%s has the capability %s (CapEff %s)", p, capabilityName(c), text), "it without").at(look)
			}
		}
	}
	if q.Seccomp != "" {
		text, err := p.status("Seccomp")
		if err != nil {
			return cannot("the seccomp mode of "+p.String(), err)
		}
		got := map[string]string{"0": "none", "1": "strict", "2": "filter"}[text]
		if got != q.Seccomp {
			return no(fmt.Sprintf("%s has the seccomp mode %s", p, got), q.Seccomp).at(fmt.Sprintf("`grep Seccomp /proc/%d/status`", p.PID))
		}
	}
	if q.NoNewPrivileges != nil {
		text, err := p.status("NoNewPrivs")
		if err != nil {
			return cannot("no_new_privs of "+p.String(), err)
		}
		if (text == "1") != *q.NoNewPrivileges {
			return no(fmt.Sprintf("%s has no_new_privs %s", p, text), map[bool]string{true: "1", false: "0"}[*q.NoNewPrivileges]).
				at(fmt.Sprintf("`grep NoNewPrivs /proc/%d/status`", p.PID))
		}
	}
	return yes()
}

// everyCapability reads a list of lab.yaml; "all" is every one that the kernel knows.
func everyCapability(list Strings) []capability.Cap {
	if slices.Contains(list, "all") {
		return capability.All().Caps()
	}
	var all []capability.Cap
	for _, name := range list {
		if c, err := capability.Parse(name); err == nil { // else the lab could not have been loaded
			all = append(all, c)
		}
	}
	return all
}

func capabilityName(c capability.Cap) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "CAP_"))
}
