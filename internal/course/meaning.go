package course

import (
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/capability"
)

// Kinds are the eight kinds of namespaces, as /proc/PID/ns calls them.
var kinds = [...]string{"mnt", "uts", "ipc", "net", "pid", "user", "cgroup", "time"}

// controllers are those that a lab can ask for, by v1's names.
var controllers = [...]string{"cpu", "cpuacct", "memory", "pids", "cpuset", "blkio", "freezer", "devices"}

// meaning finds what is well formed and says nothing that can be: names that are not there, numbers out of range.
func (p *problems) meaning(l *Lab, top node) {
	at := func(name string) int {
		for _, pair := range top.pairs {
			if pair.key == name {
				return pair.line
			}
		}
		return 0
	}
	if l.Minutes < 5 || l.Minutes > 90 {
		p.add(at("minutes"), "a lab takes 5 to 90 minutes, and this says %d", l.Minutes)
	}
	if l.Needs.Cgroup != "" && len(l.Needs.Controllers) == 0 {
		p.add(at("needs"), "\"cgroup\" needs \"controllers\": which controller must sit in %s?", l.Needs.Cgroup)
	}
	if k := l.Needs.Kernel; k != "" && !regexp.MustCompile(`^\d+\.\d+$`).MatchString(k) {
		p.add(at("needs"), "\"kernel\" must be a version such as \"5.12\", in quotes, and is %q", k)
	}
	if f := l.Fence; f != nil {
		if _, err := parseBytes(f.Memory); f.Memory != "" && err != nil {
			p.add(at("fence"), "\"memory\" must be a size such as 256M, and is %q", f.Memory)
		}
		if f.Memory == "" && f.PIDs == 0 && f.CPUs == 0 {
			p.add(at("fence"), "a fence without a limit keeps nothing in")
		}
		if !l.Needs.Root {
			p.add(at("fence"), "a fence needs root: say needs: {root: true}")
		}
		if f.PIDs < 0 || f.CPUs < 0 {
			p.add(at("fence"), "a limit cannot be less than nothing")
		}
	}
	w := walker{p, l, map[string]bool{}}
	for i, v := range l.Vars {
		for _, b := range builtin {
			if v.Name == b.name || strings.HasPrefix(v.Name, "cgroup_") {
				p.add(at("vars"), "%q is a variable of lab's own", v.Name)
				break
			}
		}
		w.known = map[string]bool{} // each may use those above it
		for _, above := range l.Vars[:i] {
			w.known[above.Name] = true
		}
		w.walk(reflect.ValueOf(&l.Vars[i]).Elem(), at("vars"))
	}
	w.known = nil
	if len(l.Tasks) == 0 {
		p.add(at("tasks"), "a lab needs at least one task")
	}
	names := map[string]bool{}
	for i := range l.Tasks {
		t := &l.Tasks[i]
		line := t.Check.Line
		if !goodSlug(t.Name) {
			p.add(line, "%q is no name for a task: small letters, digits and dashes", t.Name)
		}
		if names[t.Name] {
			p.add(line, "two tasks are called %q", t.Name)
		}
		names[t.Name] = true
		if len(t.Hints) == 0 {
			p.add(line, "the task %q has no hints; give at least one, from a nudge to nearly the answer", t.Name)
		}
		if t.Solution.Empty() {
			p.add(line, "the task %q has no solution", t.Name)
		}
		w.check(t.Check)
	}
	w.walk(reflect.ValueOf(&l.Reset).Elem(), at("reset"))
	w.walk(reflect.ValueOf(&l.Needs).Elem(), at("needs"))
}

// walker looks at every text of a lab by what it is, as the tag `is` says.
type walker struct {
	*problems
	lab   *Lab
	known map[string]bool // nil: all variables of the lab
}

func (w walker) check(c *Check) {
	if c == nil {
		return
	}
	w.walk(reflect.ValueOf(c).Elem(), c.Line)
	if e := c.Eventually; e != nil && e.Within > Duration(minute) {
		w.add(c.Line, "\"within\" is one minute at most")
	}
	if q := c.Process; q != nil && (q.Of == "") == (q.Find == nil) {
		w.add(c.Line, "a process check needs \"of\" or \"find\", and not both")
	}
	if q := c.Namespace; q != nil && q.Of == "" && q.New == "" {
		w.add(c.Line, "a namespace check needs \"of\" or \"new\"")
	}
	if q := c.Network; q != nil && q.Links == nil && q.Link == nil && q.Route == nil && q.Listening == nil && q.Reaches == nil && q.Sysctl == nil {
		w.add(c.Line, "a network check must ask something")
	}
	if q := c.Cgroup; q != nil {
		for file := range q.Files {
			if _, ok := wordOf(file); !ok {
				w.add(c.Line, "%q is no file that lab can translate to v1; there are %s; others go below v1 and v2", file, strings.Join(wordNames(), ", "))
			}
		}
	}
}

// walk looks at the fields of a struct, and of those in it.
func (w walker) walk(v reflect.Value, line int) {
	t := v.Type()
	for _, f := range fieldsOf(t) {
		is := t.Field(f.index).Tag.Get("is")
		switch value := v.Field(f.index).Interface().(type) {
		case *Check:
			w.check(value)
		case []*Check:
			for _, c := range value {
				w.check(c)
			}
		case string:
			w.text(value, is, f.name, line)
		case *string:
			if value != nil {
				w.text(*value, is, f.name, line)
			}
		case Strings:
			for _, s := range value {
				w.text(s, is, f.name, line)
			}
		case []string:
			for _, s := range value {
				w.text(s, is, f.name, line)
			}
		case NSRefs:
			for kind, ref := range value {
				w.text(kind, "kinds", f.name, line)
				w.text(ref, "namespace", f.name, line)
			}
		case map[string]string:
			for _, s := range value {
				w.text(s, "", f.name, line)
			}
		default:
			if inner := v.Field(f.index); inner.Kind() == reflect.Pointer && !inner.IsNil() && inner.Elem().Kind() == reflect.Struct {
				w.walk(inner.Elem(), line)
			}
		}
	}
}

func (w walker) text(s, is, name string, line int) {
	if s == "" {
		return
	}
	switch is {
	case "shell":
		return // the shell has the variables too, and its own
	case "process":
		if v, ok := w.lab.Var(s); !ok || v.Process == nil || w.known != nil && !w.known[s] {
			w.add(line, "%q must name a process variable, and %q is none%s", name, s, w.processes())
		}
	case "namespace", "where":
		v, ok := w.lab.Var(s)
		path := is == "namespace" && strings.ContainsAny(s[:1], "/$")
		if s != "host" && !(ok && v.Process != nil) && !path {
			w.add(line, "%q must be a process variable%s or host, and is %q", name, map[bool]string{true: ", a file"}[is == "namespace"], s)
		}
	case "kinds":
		if s != "all" && !slices.Contains(kinds[:], s) {
			w.add(line, "%q is no kind of namespace%s", s, meant(s, kinds[:]))
		}
	case "controller":
		if !slices.Contains(controllers[:], s) {
			w.add(line, "%q is no controller by v1's names%s", s, meant(s, controllers[:]))
		}
	case "capability":
		if _, err := capability.Parse(s); err != nil && s != "all" {
			w.add(line, "%v", err)
		}
	case "count":
		if _, err := parseCount(s); err != nil {
			w.add(line, "%q must be a number, or one of >=, <=, >, < and a number, and is %q", name, s)
		}
	case "regexp":
		if _, err := regexp.Compile(s); err != nil {
			w.add(line, "%q is no regular expression: %v", name, err)
		}
		return // a $ in it is the end of a line
	case "file":
		if _, err := fs.Stat(w.lab.Files, s); err != nil {
			w.add(line, "the lab has no file %q", s)
		}
	}
	for _, ref := range references(s) {
		if !w.has(ref) {
			w.add(line, "%q uses $%s, and there is no such variable", name, ref)
		}
	}
}

// has says whether a reference, "work" or "sleeper.net", can be filled.
func (w walker) has(ref string) bool {
	name, kind, dotted := strings.Cut(ref, ".")
	if v, ok := w.lab.Var(name); ok && (w.known == nil || w.known[name]) {
		return !dotted || v.Process != nil && slices.Contains(kinds[:], kind)
	}
	if dotted {
		return false
	}
	for _, b := range builtin {
		if b.name == name {
			return name != "fence" || w.lab.Fence != nil
		}
	}
	controller, ok := strings.CutPrefix(name, "cgroup_")
	return ok && slices.Contains(controllers[:], controller)
}

func (w walker) processes() string {
	var all []string
	for _, v := range w.lab.Vars {
		if v.Process != nil {
			all = append(all, v.Name)
		}
	}
	if len(all) == 0 {
		return "; the lab has none"
	}
	return "; there are " + strings.Join(all, ", ")
}

// parseBytes reads a size: 64M, 1G, 4096.
func parseBytes(s string) (int64, error) {
	unit := int64(1)
	if s != "" {
		switch s[len(s)-1] {
		case 'K', 'k':
			unit = 1 << 10
		case 'M', 'm':
			unit = 1 << 20
		case 'G', 'g':
			unit = 1 << 30
		}
	}
	number := s
	if unit > 1 {
		number = s[:len(s)-1]
	}
	n, err := strconv.ParseInt(number, 10, 64)
	return n * unit, err
}
