package labs_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	lab "github.com/container-labs/lab"
	"github.com/container-labs/lab/internal/course"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { testenv.Main(m) }

// TestLabs proves every lab on the real kernel: it is well formed; before a task's solution its check fails, with the
// sentence that a learner is told (check.golden); after it exactly that check is true; after all the lab is passed; after
// reset the machine is as before; and any task can be reached from nothing.
//
//	go test ./labs -run TestLabs/010            one lab
//	go test ./labs -run TestLabs/010 -update    write its check.golden
func TestLabs(t *testing.T) {
	catalog, err := course.NewCatalog(nil, ".")
	require.NoError(t, err)
	require.NotEmpty(t, catalog.Names())
	for _, name := range catalog.Names() {
		t.Run(name, func(t *testing.T) { prove(t, catalog, name) })
	}
}

func prove(t *testing.T, catalog *course.Catalog, name string) {
	l, err := catalog.Load(name, "")
	require.NoError(t, err)
	require.NoError(t, l.Lint(lab.Source))
	for _, language := range l.Languages() {
		_, err := catalog.Load(name, language)
		require.NoError(t, err)
	}
	if _, err := exec.LookPath("go"); err == nil && l.Go() { // a machine to be taught on may have none
		for _, part := range []string{"start", "solution"} {
			out, err := exec.Command("go", "vet", "./"+name+"/"+part).CombinedOutput()
			require.NoError(t, err, "%s", out)
		}
	}
	if l.Needs.Root {
		testenv.Root(t)
	}
	ctx := t.Context()
	s := session(t, catalog)
	if unmet := l.Needs.Unmet(ctx, s.Root); len(unmet) > 0 {
		t.Skipf("this machine has not what the lab needs: %v", unmet)
	}
	heavy(t, s)
	before := look(t, l, s)

	_, err = s.Start(ctx, l, course.StartOptions{})
	require.NoError(t, err)
	done := false
	defer func() { // a proof that fails leaves nothing either
		if !done {
			_, err := s.Reset(context.WithoutCancel(ctx), l)
			assert.NoError(t, err)
		}
	}()
	v, err := s.View(l)
	require.NoError(t, err)
	var sentences strings.Builder
	for i := range l.Tasks {
		task := &l.Tasks[i]
		f := v.Ask(ctx, task.Check)
		require.False(t, f.OK, "the check of %s is true before anything was done for it", task.Name)
		if l.Go() {
			assert.NotContains(t, f.Found, "it does not compile")
		}
		fmt.Fprintf(&sentences, "== %s\n%s\n", task.Name, normal(s, l, f.String()))
		if f.Look != "" {
			fmt.Fprintf(&sentences, "look: %s\n", normal(s, l, f.Look))
		}
		sentences.WriteByte('\n')
		require.NoError(t, s.Solve(ctx, l, task), "the solution of %s", task.Name)
		for j := i + 1; j < len(l.Tasks); j++ {
			f := v.Ask(ctx, l.Tasks[j].Check)
			assert.False(t, f.OK, "the solution of %s makes the check of %s true", task.Name, l.Tasks[j].Name)
		}
		results, err := s.Check(ctx, only(l, i), nil)
		require.NoError(t, err)
		for _, r := range results {
			assert.True(t, r.Done, "%s was solved, and lab check says: %s", r.Task, r.Finding)
		}
	}
	golden(t, l, sentences.String())
	progress, err := s.Progress()
	require.NoError(t, err)
	assert.False(t, progress.Lab(name).Passed.IsZero(), "all tasks are done, and the lab is not passed")

	cleaned, err := s.Reset(ctx, l)
	require.NoError(t, err)
	assert.Empty(t, cleaned.Left)
	asBefore(t, before, l, s)
	done = true
	if testing.Short() {
		return
	}

	// Whoever fell behind gets to the last task from nothing.
	last := &l.Tasks[len(l.Tasks)-1]
	done = false
	_, err = s.Start(ctx, l, course.StartOptions{CatchUp: true, Task: last.Name})
	require.NoError(t, err)
	f := v.Ask(ctx, last.Check)
	assert.False(t, f.OK, "after --catch-up --task %s its check is true already", last.Name)
	cleaned, err = s.Reset(ctx, l)
	require.NoError(t, err)
	assert.Empty(t, cleaned.Left)
	asBefore(t, before, l, s)
	done = true
}

// only is the lab up to task i, whose other tasks need not be true: for asking what Check notes.
func only(l *course.Lab, i int) *course.Lab {
	part := *l
	part.Tasks = l.Tasks[:i+1]
	if i+1 < len(l.Tasks) {
		return &part
	}
	return l
}

// session is a course of its own: nothing of the machine's learner is touched.
func session(t *testing.T, catalog *course.Catalog) *course.Session {
	dir, err := os.MkdirTemp("", "lab-course-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	t.Setenv("LAB_COURSE", dir)
	t.Setenv("LAB_ROOT", filepath.Join(dir, "root"))
	s, err := course.Open(catalog)
	require.NoError(t, err)
	s.Program, s.Root = testenv.Lab(t), filepath.Join(dir, "root")
	t.Cleanup(func() { emptyRoot(s) })
	return s
}

// heavy gives the group that the fences are below a weight of twenty others, so that CPU quotas are reached also where
// the machine is busy with something else. Without a group of the tests' own nothing is done.
func heavy(t *testing.T, s *course.Session) {
	m, err := cgroup.Detect()
	require.NoError(t, err)
	if s.Parent == "" || !m.Has("cpu") {
		return
	}
	g := m.Group(s.Parent, cgroup.Limits{CPUWeight: 2000})
	if err := g.Create(); errors.Is(err, os.ErrExist) {
		err = g.Set(cgroup.Limits{CPUWeight: 2000})
		require.NoError(t, err)
	} else {
		require.NoError(t, err)
	}
	t.Cleanup(func() { assert.NoError(t, m.RemoveEmpty(s.Parent)) })
}

// emptyRoot removes the containers that a proof has left when it failed.
func emptyRoot(s *course.Session) {
	out, _ := exec.Command(s.Program, "--root", s.Root, "ps", "-aq").Output()
	for _, id := range strings.Fields(string(out)) {
		_ = exec.Command(s.Program, "--root", s.Root, "rm", "-f", id).Run()
	}
}

// normal takes out of a sentence what differs from run to run.
func normal(s *course.Session, l *course.Lab, text string) string {
	text = strings.ReplaceAll(text, s.Work(l.Name), "$work")
	if parent := os.Getenv("LAB_CGROUP_PARENT"); parent != "" {
		text = strings.ReplaceAll(text, parent+"/lab-course", "lab-course")
	}
	text = strings.ReplaceAll(text, s.Root, "$root")
	for _, r := range []struct{ pattern, with string }{
		{`\bprocess \d+ \(`, "process PID ("},
		{`/proc/\d+\b`, "/proc/PID"},
		{`-([pt]) \d+\b`, "-$1 PID"},
		{`echo \d+ >`, "echo PID >"},
		{`:\[\d+\]`, ":[INODE]"},
		{`\binode \d+`, "inode INODE"},
		{`\bdevice \d+:\d+`, "device DEVICE"},
		{`\bused \d+ %`, "used N %"},
		{`/\S+ \d+ %`, "… N %"},
		{`[\d.]+ times as much`, "N times as much"},
		{`nr_throttled [1-9]\d*`, "nr_throttled N"},
		{`\bparent of process`, "parent of process"},
		{`is (\d+) \(`, "is PID ("},
		{`(/sys/fs/cgroup)(/unified|/[a-z,_]+)?/lab-course`, "$1/…/lab-course"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	return text
}

// golden compares what learners are told with the file beside the lab. Where versions of control groups matter, there is
// one for each.
func golden(t *testing.T, l *course.Lab, text string) {
	name := "check.golden"
	if len(l.Needs.Controllers) > 0 || l.Fence != nil {
		m, err := cgroup.Detect()
		require.NoError(t, err)
		controller := "memory"
		if len(l.Needs.Controllers) > 0 {
			controller = l.Needs.Controllers[0]
		}
		version := 2
		if h := m.Where(controller); h != nil {
			version = h.Version
		}
		name = fmt.Sprintf("check.v%d.golden", version)
	}
	path := filepath.Join(l.Name, name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && name == "check.v2.golden" {
		// In the virtual machine this tree is read-only: whoever runs the proof there copies it from here.
		t.Logf("%s has no %s yet; this is what goes into it:\n%s", l.Name, name, text)
		return
	}
	require.NoError(t, err, "go test ./labs -run TestLabs/%s -update writes it", l.Number)
	assert.Equal(t, string(want), text, "%s: what learners are told has changed; -update writes it, if it is better", path)
}

// look lists what a lab could leave behind: mounts and devices of this test's namespaces, processes below it with the
// namespaces that they hold, and control groups.
func look(t *testing.T, l *course.Lab, s *course.Session) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		all["mount "+strings.Fields(line)[4]] = true
	}
	text, err = os.ReadFile("/proc/thread-self/net/dev")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			all["device "+strings.TrimSpace(name)] = true
		}
	}
	for _, p := range below(os.Getppid()) {
		all[p] = true
	}
	m, err := cgroup.Detect()
	require.NoError(t, err)
	paths := []string{filepath.Join(s.Parent, "lab-course")}
	for _, path := range l.Reset.Cgroups {
		if !strings.Contains(path, "$") {
			paths = append(paths, path)
		}
	}
	for _, h := range m.Hierarchies {
		for _, path := range paths {
			if _, err := os.Stat(filepath.Join(h.Dir+h.Base, path)); err == nil && h.Name == "" {
				all["control group "+h.Dir+"/"+path] = true
			}
		}
	}
	for _, path := range []string{s.Works, s.Work(l.Name)} {
		if _, err := os.Lstat(path); err == nil {
			all["directory "+path] = true
		}
	}
	return all
}

// below describes the processes that descend from one, which is a subreaper: what is left over is its child.
func below(top int) []string {
	parents, names := map[int]int{}, map[int]string{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		head, rest, _ := strings.Cut(string(text), " (")
		name, _, _ := strings.Cut(rest, ")")
		f := strings.Fields(rest[strings.LastIndex(rest, ")")+1:])
		pid, _ := strconv.Atoi(head)
		parents[pid], _ = strconv.Atoi(f[1])
		if f[0] != "Z" {
			names[pid] = name
		}
	}
	var all []string
	for pid, name := range names {
		for at, n := pid, 0; at > 1 && n < 100; at, n = parents[at], n+1 {
			if parents[at] == top && pid != os.Getpid() {
				all = append(all, fmt.Sprintf("process %d (%s)", pid, name))
				break
			}
		}
	}
	return all
}

// asBefore waits a moment for the kernel, which takes namespaces and groups down in its own time.
func asBefore(t *testing.T, before map[string]bool, l *course.Lab, s *course.Session) {
	t.Helper()
	var left []string
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left = nil
		for line := range look(t, l, s) {
			if !before[line] {
				left = append(left, line)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			break
		}
	}
	slices.Sort(left)
	assert.Empty(t, left, "reset has left it behind")
}
