package course

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mountLine is one line of mountinfo; see proc_pid_mountinfo(5).
type mountLine struct {
	root, at, kind, source string
	options, super         []string
	shared, slave, unbind  bool
}

func parseMounts(text string) []mountLine {
	var all []mountLine
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		head, tail := strings.Split(before, " "), strings.Split(after, " ")
		if !ok || len(head) < 6 || len(tail) < 3 {
			continue
		}
		m := mountLine{
			root: unescape(head[3]), at: unescape(head[4]), kind: tail[0], source: unescape(tail[1]),
			options: strings.Split(head[5], ","), super: splitOptions(tail[2]),
		}
		for _, tag := range head[6:] {
			m.shared = m.shared || strings.HasPrefix(tag, "shared:")
			m.slave = m.slave || strings.HasPrefix(tag, "master:")
			m.unbind = m.unbind || tag == "unbindable"
		}
		all = append(all, m)
	}
	return all
}

// splitOptions splits at commas that are not escaped: overlay writes \, for one in a directory's name.
func splitOptions(s string) []string {
	var all []string
	begin := 0
	for i := range len(s) {
		if s[i] == ',' && (i == 0 || s[i-1] != '\\') {
			all, begin = append(all, unescape(s[begin:i])), i+1
		}
	}
	return append(all, unescape(s[begin:]))
}

// unescape undoes the kernel's \040 for a space and its like.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (m *mountLine) propagation() string {
	switch {
	case m.shared:
		return "shared"
	case m.slave:
		return "slave"
	case m.unbind:
		return "unbindable"
	}
	return "private"
}

// option returns the value of an option of the file system, upperdir=/x.
func (m *mountLine) option(name string) (string, bool) {
	for _, o := range m.super {
		if value, ok := strings.CutPrefix(o, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// mountsOf reads the mounts that a process sees; nil is the caller.
func mountsOf(p *process) ([]mountLine, error) {
	file := "/proc/thread-self/mountinfo"
	if p != nil {
		file = procFile(p.PID, "mountinfo")
	}
	text, err := os.ReadFile(file)
	return parseMounts(string(text)), err
}

// askMount answers a mount check.
func (v *View) askMount(ctx context.Context, q *MountCheck) Finding {
	var p *process
	file, seen := "/proc/self/mountinfo", ""
	if q.In != "" && q.In != "host" {
		if p = v.bound[q.In]; p == nil {
			def, _ := v.Lab.Var(q.In)
			return cannot("the process", &missingProcess{v.describe(ctx, def)})
		}
		file, seen = procFile(p.PID, "mountinfo"), " for "+p.String()
	} else if here, err := namespaceAt("/proc/thread-self/ns/mnt", "mnt"); err == nil && !v.isHome(here) {
		if p = v.inHome("mnt", nsID{"mnt", v.Home.Namespaces["mnt"]}); p == nil {
			return Finding{Found: "this terminal is in another mount namespace than the one in which the lab was started"}.advise("Check from a terminal of the host.")
		}
	}
	mounts, err := mountsOf(p)
	if err != nil {
		return cannot("the mounts of "+v.nameOf(q.In), err)
	}
	at := v.expand(ctx, q.At)
	if q.In == "" || q.In == "host" {
		at = v.path(ctx, q.At)
		if real, err := filepath.EvalSymlinks(at); err == nil {
			at = real
		}
	}
	at = filepath.Clean(at)
	look := "`grep ' " + at + " ' " + file + "`"
	i := -1
	for n := range mounts {
		if mounts[n].at == at {
			i = n // the last one is the topmost
		}
	}
	if q.Exists != nil && !*q.Exists {
		if i < 0 {
			return yes()
		}
		return no(fmt.Sprintf("%s is mounted at %s%s", mounts[i].kind, at, seen), "nothing mounted there").at(look)
	}
	if i < 0 {
		f := no("nothing is mounted at "+at+seen, "a mount there").at("`findmnt`")
		if q.Type != "" {
			f.Expected = q.Type + " there"
		}
		if n := v.elsewhere(q, at, p); n != "" {
			f.Advice = n
		}
		return f
	}
	return v.judgeMount(ctx, q, &mounts[i], p, seen, look)
}

// elsewhere says where it was mounted instead: in the other namespace, which is the usual mistake.
func (v *View) elsewhere(q *MountCheck, at string, p *process) string {
	if p == nil {
		return ""
	}
	host, err := mountsOf(nil)
	n, err2 := namespaceOf(p.PID, "mnt")
	if err != nil || err2 != nil || !slices.ContainsFunc(host, func(m mountLine) bool { return m.at == at && (q.Type == "" || m.kind == q.Type) }) {
		return ""
	}
	if v.isHome(n) {
		return ""
	}
	return "In the host's mount namespace it is mounted there: mount it from within, with `nsenter -t PID -m`."
}

func (v *View) judgeMount(ctx context.Context, q *MountCheck, m *mountLine, p *process, seen, look string) Finding {
	what := "the mount at " + m.at + seen
	if q.Type != "" && m.kind != q.Type {
		return no(fmt.Sprintf("%s is of type %s", what, m.kind), q.Type).at(look)
	}
	if want := v.expand(ctx, q.Source); q.Source != "" && m.source != want {
		return no(fmt.Sprintf("%s shows %s", what, m.source), want).at(look)
	}
	if q.Of != "" {
		there := m.at
		if p != nil {
			there = procFile(p.PID, "root") + m.at
		}
		want := v.path(ctx, q.Of)
		a, err1 := inodeOf(there)
		b, err2 := inodeOf(want)
		if err1 != nil {
			return cannot(m.at, err1)
		}
		if err2 != nil {
			return cannot(want, err2)
		}
		if a != b {
			return no(fmt.Sprintf("%s shows %s of %s", what, m.root, m.source), "it to show "+want).
				advise("`mount --bind FROM TO` makes one directory visible at a second place.").at("`stat " + m.at + " " + want + "`")
		}
	}
	if q.Propagation != "" && m.propagation() != q.Propagation {
		return no(fmt.Sprintf("%s is %s", what, m.propagation()), q.Propagation).
			advise("`mount --make-" + q.Propagation + " " + m.at + "` makes it so; `findmnt -o TARGET,PROPAGATION` shows it.").at(look)
	}
	all := append(slices.Clone(m.options), m.super...)
	for _, o := range q.Options {
		if want := v.expand(ctx, o); !slices.Contains(all, want) {
			return no(fmt.Sprintf("%s has the options %s", what, strings.Join(m.options, ",")), want+" among them").at(look)
		}
	}
	for _, o := range q.Without {
		if not := v.expand(ctx, o); slices.Contains(all, not) {
			return no(fmt.Sprintf("%s has the option %s", what, not), "it without").at(look)
		}
	}
	return v.judgeOverlay(ctx, q, m, what, look)
}

func (v *View) judgeOverlay(ctx context.Context, q *MountCheck, m *mountLine, what, look string) Finding {
	if q.Lower == nil && q.Upper == "" && q.Work == "" {
		return yes()
	}
	if m.kind != "overlay" {
		return no(fmt.Sprintf("%s is of type %s", what, m.kind), "overlay").at(look)
	}
	for _, one := range []struct{ name, option, want string }{{"upper", "upperdir", q.Upper}, {"work", "workdir", q.Work}} {
		if one.want == "" {
			continue
		}
		want := v.path(ctx, one.want)
		got, has := m.option(one.option)
		if !has {
			return no(fmt.Sprintf("%s has no %s directory", what, one.name), want).
				advise("Without upperdir= and workdir= an overlay is read-only.").at(look)
		}
		if !v.sameDir(got, want) {
			return no(fmt.Sprintf("%s has the %s directory %s", what, one.name, got), want).at(look)
		}
	}
	if q.Lower != nil {
		text, _ := m.option("lowerdir")
		got := strings.Split(text, ":")
		for _, o := range m.super { // since Linux 6.5 one layer may come per option, lowerdir+=
			if dir, ok := strings.CutPrefix(o, "lowerdir+="); ok {
				got = append(got, dir)
			}
		}
		got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
		var want []string
		for _, dir := range q.Lower {
			want = append(want, v.path(ctx, dir))
		}
		if !slices.EqualFunc(got, want, v.sameDir) {
			f := no(fmt.Sprintf("%s has the lower directories %s", what, strings.Join(got, ":")), strings.Join(want, ":")).at(look)
			if len(got) == len(want) && len(got) > 1 {
				f.Advice = "The topmost stands first."
			}
			return f
		}
	}
	return yes()
}

// sameDir compares a directory that a mount names with another. mountinfo has it as it was typed, so what is relative was
// so to wherever the learner stood: there the end of the path must do.
func (v *View) sameDir(got, want string) bool {
	if filepath.IsAbs(got) {
		return filepath.Clean(got) == filepath.Clean(want) || sameFile(got, want)
	}
	return filepath.Join(v.Work, got) == want || strings.HasSuffix(want, "/"+filepath.Clean(got))
}
