package course

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

const wholeLab = `title: Everything
summary: All that reset can take back.
minutes: 10
needs: {root: true, controllers: [cpu, memory, pids]}
fence: {memory: 128M, pids: 50, cpus: 1}
vars:
  bare: {process: {command: sleep 48001}}
  held: {process: {command: sleep 48002}}
  stray: {process: {command: sleep 48003}}
setup: |
  mkdir m a; echo $lab > name
tasks:
- name: one
  title: Make it all
  text: Do it.
  check:
  - process: {of: bare, cgroup: $fence/shell, controller: memory}
  - cgroup: {path: $fence/demo, controller: cpu, holds: [held]}
  - mount: {at: $work/m, type: tmpfs}
  - network: {link: {name: labt0}, sysctl: {net.ipv4.ip_forward: 1}}
  - namespace: {kind: net, of: $work/../ns, kept: true}
  hints: [Think., Think more.]
  after: Well done.
  solution: |
    mkdir "$cgroup_cpu/$fence/demo"
    sleep 48001 &
    sh -c 'echo $$ > "$cgroup_cpu/$fence/demo/cgroup.procs"; exec sleep 48002' &
    mount -t tmpfs x m
    touch m/file
    ip link add labt0 type bridge
    echo 1 > /proc/sys/net/ipv4/ip_forward
    touch ../ns outside
    mount --bind /proc/self/ns/net ../ns
    mkdir ../outside
- name: two
  title: Then this
  text: Go on.
  check: {file: {path: $work/two}}
  hints: [Think.]
  solution: echo "$bare" > two
reset:
  processes: [stray]
  links: [labt0, lo]
  namespaces: [$work/../ns]
  sysctls: [net.ipv4.ip_forward]
  files: [$work/../outside, /etc/passwd]
`

func newSession(t *testing.T, yaml string) (*Session, *Lab) {
	t.Helper()
	files := fstest.MapFS{"010-all/lab.yaml": {Data: []byte(yaml)}, "010-all/README.md": {Data: []byte("# A\n\n<!-- task one -->\n\n## B\n\n<!-- task two -->\n\n## C\n\nEnd.\n")}}
	c, err := NewCatalog(files, "")
	require.NoError(t, err)
	dir := t.TempDir()
	t.Setenv("LAB_COURSE", dir)
	s, err := Open(c)
	require.NoError(t, err)
	l, err := s.Load("010")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := s.Reset(context.Background(), l)
		assert.NoError(t, err)
	})
	return s, l
}

func TestStartSolveReset(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "ip")
	s, l := newSession(t, wholeLab)
	ctx := t.Context()
	_, err := s.Check(ctx, l, nil)
	var not *NotStartedError
	require.ErrorAs(t, err, &not)

	old := exec.Command("sleep", "48003") // older than the lab
	require.NoError(t, old.Start())
	defer func() { _ = old.Process.Kill(); _ = old.Wait() }()
	forward, err := os.ReadFile("/proc/sys/net/ipv4/ip_forward")
	require.NoError(t, err)

	started, err := s.Start(ctx, l, StartOptions{})
	require.NoError(t, err)
	assert.False(t, started.Again)
	name, err := os.ReadFile(started.Work + "/name")
	require.NoError(t, err)
	assert.Equal(t, "010-all\n", string(name))
	m, err := cgroup.Detect()
	require.NoError(t, err)
	g, err := m.Open(filepath.Join(s.Parent, "lab-course/010-all"))
	require.NoError(t, err)
	figures, err := g.Stats()
	require.NoError(t, err)
	assert.EqualValues(t, 128<<20, figures.Memory.Limit)
	assert.EqualValues(t, 50, figures.PIDs.Limit)

	again, err := s.Start(ctx, l, StartOptions{})
	require.NoError(t, err)
	assert.True(t, again.Again)

	v, err := s.View(l)
	require.NoError(t, err)
	fence := v.fence()
	s.Parent = fence
	v, err = s.View(l)
	require.NoError(t, err)
	assert.Equal(t, fence, v.fence(), "the fence is where it was made, not below itself")
	s.Parent = os.Getenv("LAB_CGROUP_PARENT")

	one, two := &l.Tasks[0], &l.Tasks[1]
	results, err := s.Check(ctx, l, nil)
	require.NoError(t, err)
	assert.False(t, results[0].Done)
	require.NoError(t, s.Solve(ctx, l, one))
	results, err = s.Check(ctx, l, nil)
	require.NoError(t, err)
	assert.True(t, results[0].Done && !results[0].Before && !results[1].Done, results)
	text, err := s.Solution(ctx, l, two)
	require.NoError(t, err)
	assert.Regexp(t, `^echo "\d+" > two$`, text, "the number of the process is filled in")
	text, err = s.Solution(ctx, l, one)
	require.NoError(t, err)
	assert.Contains(t, text, `sh -c 'echo $$ > "$cgroup_cpu/$fence/demo/cgroup.procs"`, "single quotes are the shell's")
	assert.Regexp(t, `^echo \d+ \$nobody \$\$ below .+/010-all$`, s.Fill(ctx, l, "echo $bare $nobody $$ below $work"))
	require.NoError(t, s.Solve(ctx, l, two))
	_, err = s.Check(ctx, l, nil)
	require.NoError(t, err)
	p, err := s.Progress()
	require.NoError(t, err)
	assert.False(t, p.Lab("010-all").Passed.IsZero())
	young := exec.Command("sleep", "48003")
	require.NoError(t, young.Start())
	go func() { _ = young.Wait() }()

	cleaned, err := s.Reset(ctx, l)
	require.NoError(t, err)
	removed, left := strings.Join(cleaned.Removed, "\n"), strings.Join(cleaned.Left, "\n")
	for _, want := range []string{"(sleep 48001)", "(sleep 48003)"} {
		assert.Contains(t, strings.Join(cleaned.Ended, "\n"), want)
	}
	for _, want := range []string{"labt0", "the namespace kept at", "the mount at " + started.Work + "/m (tmpfs)", "the fence", "it is " + strings.TrimSpace(string(forward)) + " again", "/outside", "the work directory"} {
		assert.Contains(t, removed, want)
	}
	for _, want := range []string{"(sleep 48003): it was there before the lab was started", "the network device lo: it was there", "/etc/passwd: it was there"} {
		assert.Contains(t, left, want)
	}
	assert.NoError(t, old.Process.Signal(syscall.Signal(0)), "the process that is older lives")
	assert.False(t, linkExists("labt0"))
	assert.FileExists(t, "/etc/passwd")
	assert.NoDirExists(t, s.Works)
	for _, p := range listProcesses() {
		assert.False(t, sameCommand(p.Args, "sleep 48002"), "it was in the fence")
	}
	cleaned, err = s.Reset(ctx, l)
	require.NoError(t, err, "again")
	assert.Empty(t, append(cleaned.Ended, cleaned.Removed...))

	// To the second task from nothing.
	_, err = s.Start(ctx, l, StartOptions{CatchUp: true, Task: "two"})
	require.NoError(t, err)
	open, err := s.Open(l)
	require.NoError(t, err)
	assert.Equal(t, "two", open.Name)
	p, err = s.Progress()
	require.NoError(t, err)
	assert.True(t, p.Lab("010-all").Task("one").Given)
}

// What a command prints stands in lessons and solutions, and scripts have it too.
func TestOutputIsFilledIn(t *testing.T) {
	testenv.Root(t)
	s, l := newSession(t, `title: Outputs
summary: A.
minutes: 10
needs: {root: true}
vars:
  net: {output: cat net}
  two: {output: "echo $net; echo two"}
  none: {output: cat missing}
  gone: {process: {command: sleep 48040}}
  of: {output: test -e /proc/$gone/status && echo $gone}
setup: echo 10.9.8 > net
tasks:
- {name: one, title: One, text: "Take $net.2, and $two, and $none, of $of.", check: {file: {path: $work/got, content: "$net.2 10.9.8 two"}}, hints: [Is it $net?], solution: "echo $net.2 $two > got"}
- {name: two, title: Two, text: B., check: {file: {path: $work/two}}, hints: [C.], solution: "touch two"}
`)
	shown := func() string {
		lesson, err := s.Lesson(t.Context(), l, nil)
		require.NoError(t, err)
		var b strings.Builder
		require.NoError(t, lesson.Render(&b, &Page{Width: 80}, lesson.Text))
		return b.String()
	}
	assert.Contains(t, shown(), "Take $net.2, and $two", "it is not started")
	_, err := s.Start(t.Context(), l, StartOptions{})
	require.NoError(t, err)
	assert.Contains(t, shown(), "Take 10.9.8.2, and $two, and $none, of $of.", "one line that is there goes into a text")
	assert.Equal(t, "Is it 10.9.8?", s.Fill(t.Context(), l, l.Tasks[0].Hints[0]))
	solution, err := s.Solution(t.Context(), l, &l.Tasks[0])
	require.NoError(t, err)
	assert.Equal(t, "echo 10.9.8.2 $two > got", solution)
	require.NoError(t, s.Solve(t.Context(), l, &l.Tasks[0]), "the script has them in its environment")
}

func TestStartThatFailsLeavesNothing(t *testing.T) {
	testenv.Root(t)
	s, l := newSession(t, strings.Replace(wholeLab, "mkdir m a; echo $lab > name", "sleep 48001 & mkdir m; mount -t tmpfs x m; echo out of luck; exit 3", 1))
	_, err := s.Start(t.Context(), l, StartOptions{})
	var script *ScriptError
	require.ErrorAs(t, err, &script)
	assert.Contains(t, err.Error(), "the setup of the lab: exit status 3\nout of luck")
	assert.NoDirExists(t, s.Work(l.Name))
	_, err = s.Ledger(l.Name)
	assert.Error(t, err)
}

func TestStartRefusesWhatIsNotItsOwn(t *testing.T) {
	testenv.Root(t)
	s, l := newSession(t, wholeLab)
	require.NoError(t, os.MkdirAll(s.Work(l.Name), 0o755))
	_, err := s.Start(t.Context(), l, StartOptions{})
	assert.ErrorContains(t, err, "is there already, and no lab is known to have made it")
	assert.DirExists(t, s.Work(l.Name))
}

func TestUnmet(t *testing.T) {
	n := Needs{Kernel: "99.1", Programs: []string{"no-such-program", "sh"}, Controllers: []string{"memory"}, Cgroup: "v1"}
	list := n.Unmet(t.Context(), "")
	require.GreaterOrEqual(t, len(list), 2)
	err := &UnmetError{"010-all", list}
	assert.Contains(t, err.Error(), "the lab 010-all cannot be done here: it needs Linux 99.1 or newer (a newer distribution, or the course's virtual machine), and ")
	assert.Contains(t, err.Error(), "the program no-such-program (install it)")
}

func TestHintsAndProgressTravel(t *testing.T) {
	s, l := newSession(t, strings.ReplaceAll(strings.Replace(wholeLab, "fence: {memory: 128M, pids: 50, cpus: 1}\n", "", 1), "$fence", "x"))
	hints, more, err := s.Hint(l, &l.Tasks[0])
	require.NoError(t, err)
	assert.Equal(t, []string{"Think."}, hints)
	assert.True(t, more)
	hints, more, err = s.Hint(l, &l.Tasks[0])
	require.NoError(t, err)
	assert.Len(t, hints, 2)
	assert.False(t, more)
	require.NoError(t, s.done(l, "one", false))
	require.NoError(t, s.done(l, "two", false))
	var file bytes.Buffer
	require.NoError(t, s.Export(&file))

	other, _ := newSession(t, wholeLab)
	added, err := other.Import(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	assert.Equal(t, 2, added)
	p, err := other.Progress()
	require.NoError(t, err)
	assert.False(t, p.Lab("010-all").Passed.IsZero())
	assert.Equal(t, 2, p.Lab("010-all").Task("one").Hints)
	added, err = other.Import(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	assert.Zero(t, added)
	_, err = other.Import(strings.NewReader(`{"evil": 1}`))
	assert.Error(t, err)
	_, err = other.Import(strings.NewReader(`{"labs": {"../../etc": {"tasks": {"x": {}}}}}`))
	require.NoError(t, err, "a name that is none is passed over")
}

func TestCatalogFind(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"000-meet", "010-chroot", "020-uts", "021-pid", "100-chroot-in-go", "notes", "07-short"} {
		files[name+"/lab.yaml"] = &fstest.MapFile{}
	}
	c, err := NewCatalog(files, "")
	require.NoError(t, err)
	assert.Equal(t, []string{"000-meet", "010-chroot", "020-uts", "021-pid", "100-chroot-in-go"}, c.Names())
	for word, want := range map[string]string{"010": "010-chroot", "10": "010-chroot", "0": "000-meet", "chroot": "010-chroot", "chroot-": "100-chroot-in-go", "100": "100-chroot-in-go", "p": "021-pid", "021-p": "021-pid"} {
		got, err := c.Find(word)
		require.NoError(t, err, word)
		assert.Equal(t, want, got, word)
	}
	_, err = c.Find("9")
	assert.ErrorContains(t, err, `there is no lab "9"`)
	_, err = c.Find("c")
	assert.EqualError(t, err, `"c" may mean 010-chroot or 100-chroot-in-go`)
}

func TestDiskWins(t *testing.T) {
	inside := fstest.MapFS{"010-a/lab.yaml": {Data: []byte(plainLab)}, "020-b/lab.yaml": {Data: []byte(plainLab)}}
	disk := t.TempDir()
	require.NoError(t, os.Mkdir(disk+"/010-a", 0o755))
	require.NoError(t, os.WriteFile(disk+"/010-a/lab.yaml", []byte(strings.Replace(plainLab, "A lab", "Mine", 1)), 0o644))
	require.NoError(t, os.WriteFile(disk+"/010-a/lab.zh.yaml", []byte("title: 我的\ntasks:\n- name: one\n  text: 做吧\n"), 0o644))
	c, err := NewCatalog(inside, disk)
	require.NoError(t, err)
	l, err := c.Load("010-a", "")
	require.NoError(t, err)
	assert.Equal(t, "Mine", l.Title)
	assert.False(t, l.Inside)
	l, err = c.Load("010-a", "zh")
	require.NoError(t, err)
	assert.Equal(t, "我的", l.Title)
	assert.Equal(t, "做吧", l.Tasks[0].Text)
	assert.Equal(t, "One", l.Tasks[0].Title)
	_, err = Load(os.DirFS(disk+"/010-a"), "010-a", "x")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(disk+"/010-a/lab.zh.yaml", []byte("sentences: {nobody says it: 没有人说}\n"), 0o644))
	_, err = c.Load("010-a", "zh")
	assert.ErrorContains(t, err, `lab.yaml does not say "nobody says it"`)
	l, err = c.Load("020-b", "zh")
	require.NoError(t, err)
	assert.Equal(t, "A lab", l.Title)
}

// Whoever is killed in the middle of start leaves a ledger, and the next start goes by it.
func TestStartAfterACrash(t *testing.T) {
	testenv.Root(t)
	s, l := newSession(t, strings.Replace(wholeLab, "mkdir m a; echo $lab > name", "mkdir m; mount -t tmpfs x m; sleep 48001 & echo $lab > name", 1))
	_, err := s.Start(t.Context(), l, StartOptions{})
	require.NoError(t, err)
	ledger, err := s.Ledger(l.Name)
	require.NoError(t, err)
	ledger.Ready = false
	require.NoError(t, s.write(ledger))
	started, err := s.Start(t.Context(), l, StartOptions{})
	require.NoError(t, err)
	assert.False(t, started.Again)
	require.Len(t, started.Cleaned, 1)
	assert.Contains(t, strings.Join(started.Cleaned[0].Ended, "\n"), "(sleep 48001)")
	assert.Eventually(t, func() bool { // the shell may have forked, and sleep not begun yet
		n := 0
		for _, p := range listProcesses() {
			if sameCommand(p.Args, "sleep 48001") {
				n++
			}
		}
		return n == 1
	}, 20*time.Second, 10*time.Millisecond)
}

// An ordinary user cannot end what belongs to root, and is told so.
func TestResetOfAnOrdinaryUser(t *testing.T) {
	testenv.Root(t)
	if os.Getenv("LAB_TEST_ORDINARY") != "" {
		require.NoError(t, syscall.Setgid(65534))
		require.NoError(t, syscall.Setuid(65534))
		s, l := newSession(t, strings.Replace(plainLab, "sleep 1}", "sleep 48020}", 1)+"reset: {processes: [sleeper]}\n")
		_, err := s.Start(t.Context(), l, StartOptions{})
		require.NoError(t, err)
		ledger, err := s.Ledger(l.Name)
		require.NoError(t, err)
		ledger.Before = nil
		require.NoError(t, s.write(ledger))
		require.NoError(t, os.Unsetenv(courseVariable))
		cleaned, err := s.Reset(t.Context(), l)
		require.NoError(t, err)
		assert.Contains(t, strings.Join(cleaned.Left, "\n"), "(sleep 48020): it belongs to another user")
		return
	}
	b := newBench(t, "it: {process: {command: sleep 48020}}")
	b.start("sleep 48020")
	b.until("process: {of: it}")
	program, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		require.NoError(t, os.Chmod(at, 0o777))
	}
	copied := filepath.Join(dir, "test")
	text, err := os.ReadFile(program)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(copied, text, 0o755))
	cmd := exec.Command(copied, "-test.run=^TestResetOfAnOrdinaryUser$")
	cmd.Env, cmd.Dir = append(os.Environ(), "LAB_TEST_ORDINARY=1", "TMPDIR="+dir), dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NotContains(t, string(out), "no tests to run")
}
