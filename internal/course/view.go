package course

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/container-labs/lab/pkg/cgroup"
)

// View is what a check looks at: the machine, as it is now, and what the names of a lab mean on it.
type View struct {
	Lab  *Lab
	Work string // the work directory
	Home Home   // where the lab was started
	Root string // lab's images and containers; "" is lab's default

	Program string         // the lab program, which checks of containers ask; and its directory is first in PATH
	Pinned  map[string]int // processes that the learner named: sleeper=4242

	Runs   []Run  // scripts that lab has run in this lab
	Parent string // the control group that the fence is made below; "" is the top

	processes []process // of this round
	bound     map[string]*process
	groups    func() (*cgroup.Machine, error)
	outputs   map[string]output
}

// Home is the surroundings in which a lab was started: what checks call the host's.
type Home struct {
	Namespaces map[string]uint64   `json:"namespaces"` // inode by kind
	Before     map[string][]uint64 `json:"before"`     // by kind, all that there were
}

// look begins a round: processes are listed anew, and each one's facts are read at most once.
func (v *View) look() {
	v.processes = nil
	v.bound = map[string]*process{}
	v.outputs = map[string]output{}
	if v.groups == nil {
		v.groups = sync.OnceValues(cgroup.Detect)
	}
}

func (v *View) all() []process {
	if v.processes == nil {
		v.processes = listProcesses()
	}
	return v.processes
}

// fill returns what a reference stands for: "work", "sleeper", "sleeper.net".
func (v *View) fill(ctx context.Context) func(ref string) (string, bool) {
	return func(ref string) (string, bool) {
		name, kind, dotted := strings.Cut(ref, ".")
		if dotted {
			p := v.bound[name]
			if p == nil {
				return "", false
			}
			link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", p.PID, kind))
			return link, err == nil
		}
		if value, ok := v.own(name); ok {
			return value, true
		}
		def, ok := v.Lab.Var(name)
		switch {
		case !ok:
			return "", false
		case def.Process != nil:
			p := v.bound[name]
			if p == nil {
				return "", false
			}
			return strconv.Itoa(p.PID), true
		case def.Output != "":
			return v.output(ctx, def)
		}
		return v.expand(ctx, def.Value), true
	}
}

// own returns the variables that every lab has.
func (v *View) own(name string) (string, bool) {
	switch name {
	case "work":
		return v.Work, true
	case "lab":
		return v.Lab.Name, true
	case "fence":
		return v.fence(), v.Lab.Fence != nil
	case "start", "solution":
		if v.Lab.Go() {
			return filepath.Join(sideDir(v.Work), name), true
		}
	}
	if c, ok := strings.CutPrefix(name, "cgroup_"); ok {
		if m, err := v.groups(); err == nil {
			if h := m.Where(c); h != nil {
				return h.Dir + h.Base, true
			}
		}
	}
	return "", false
}

// fence is the path of the lab's control group.
func (v *View) fence() string { return filepath.Join(v.Parent, "lab-course", v.Lab.Name) }

// outputPatience is how long the command of a variable may take.
const outputPatience = 5 * time.Second

// output is what a variable's command prints now; it runs at most once in a round, and for each choice of processes that a check is
// tried with. One that fails has no value: it speaks of something that is not there yet.
func (v *View) output(ctx context.Context, def *Var) (string, bool) {
	if got, ok := v.outputs[def.Name]; ok {
		return got.text, got.ok
	}
	ctx, stop := context.WithTimeout(ctx, outputPatience)
	defer stop()
	v.outputs[def.Name] = output{} // a command that speaks of itself does not go round
	got := v.shell(ctx, def.Output)
	if got.err == nil && got.status == 0 && !got.late {
		v.outputs[def.Name] = output{strings.TrimRight(got.output, "\n"), true}
	}
	return v.outputs[def.Name].text, v.outputs[def.Name].ok
}

// line is output where it fits into a sentence, or between the words of a command: more than one line does not.
func (v *View) line(ctx context.Context, def *Var) (string, bool) {
	text, ok := v.output(ctx, def)
	return text, ok && text != "" && !strings.Contains(text, "\n")
}

type output struct {
	text string
	ok   bool
}

func (v *View) expand(ctx context.Context, s string) string {
	if !strings.Contains(s, "$") {
		return s
	}
	return expand(s, v.fill(ctx))
}

// path is expand for a file name.
func (v *View) path(ctx context.Context, s string) string {
	s = v.expand(ctx, s)
	if s != "" && !filepath.IsAbs(s) {
		s = filepath.Join(v.Work, s)
	}
	return s
}

// version is the version of control groups that decides between the two texts of a Script.
func (v *View) version() int {
	controller := "memory"
	if len(v.Lab.Needs.Controllers) > 0 {
		controller = v.Lab.Needs.Controllers[0]
	}
	m, err := v.groups()
	if err != nil {
		return 2
	}
	if h := m.Where(controller); h != nil {
		return h.Version
	}
	return 2
}

// Environment lists the variables as a shell has them that runs script, "name=value". Those that are what a command prints are
// there if the script speaks of them: a command may be slow, and may itself speak of what is not there yet.
func (v *View) Environment(ctx context.Context, script string) []string {
	env := []string{"PATH=" + filepath.Dir(v.Program) + ":" + os.Getenv("PATH")}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PATH=") {
			env = append(env, e)
		}
	}
	if v.Root != "" {
		env = append(env, "LAB_ROOT="+v.Root)
	}
	env = append(env, v.assignments(ctx)...)
	spoken := references(script)
	for i := range v.Lab.Vars {
		if def := &v.Lab.Vars[i]; def.Output != "" && slices.Contains(spoken, def.Name) {
			if text, ok := v.output(ctx, def); ok {
				env = append(env, def.Name+"="+text)
			}
		}
	}
	return env
}

// assignments lists the lab's own variables and those of lab.yaml, as far as they mean something now and no command has to be
// asked.
func (v *View) assignments(ctx context.Context) []string {
	var list []string
	names := []string{"work", "lab", "fence", "start", "solution"}
	for _, c := range controllers {
		names = append(names, "cgroup_"+c)
	}
	for _, name := range names {
		if value, ok := v.own(name); ok {
			list = append(list, name+"="+value)
		}
	}
	for i := range v.Lab.Vars {
		def := &v.Lab.Vars[i]
		if def.Process != nil && v.bound[def.Name] == nil {
			if found := v.candidates(ctx, def); len(found) > 0 {
				v.bound[def.Name] = &found[0]
			}
		}
		if def.Output != "" {
			continue
		}
		if value, ok := v.fill(ctx)(def.Name); ok {
			list = append(list, def.Name+"="+value)
		}
	}
	return list
}
