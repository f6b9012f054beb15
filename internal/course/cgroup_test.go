package course

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

// group makes a control group, with everything in it removed after the test.
func group(t *testing.T, name string, l cgroup.Limits) (path string, m *cgroup.Machine, g *cgroup.Group) {
	t.Helper()
	testenv.Root(t)
	m, err := cgroup.Detect()
	require.NoError(t, err)
	path = name
	g = m.Group(path, l)
	require.NoError(t, g.Create())
	t.Cleanup(func() { assert.NoError(t, g.Delete()) })
	return path, m, g
}

// The sentences name the files of the version that this machine has.
func TestCgroupMistakes(t *testing.T) {
	name := testenv.Name()
	t.Cleanup(func() { // after the two
		if m, err := cgroup.Detect(); err == nil {
			_ = m.RemoveEmpty(name)
		}
	})
	path, m, g := group(t, name+"/demo", cgroup.Limits{CPUQuota: 20000, Memory: 64 << 20, PIDs: 20})
	_, _, idle := group(t, name+"/idle", cgroup.Limits{})
	b := newBench(t, `
loop: {process: {command: sh -c while :; do :; done 47801}}
plain: {process: {command: sleep 47802}}`)
	b.vars = strings.ReplaceAll(b.vars, "sh -c while :; do :; done 47801", "sh ./spin 47801")
	b.shell("echo 'while :; do :; done' > spin")
	loop := b.start("sh ./spin 47801")
	b.start("sleep 47802")
	require.NoError(t, g.Join(loop.Process.Pid))
	b.until("process: {of: loop}")
	b.until("process: {of: plain}")
	b.until("cgroup: {path: " + path + ", throttled: true}")
	v1 := map[string]bool{}
	for _, c := range []string{"cpu", "memory", "pids", "freezer"} {
		v1[c] = m.Where(c) != nil && m.Where(c).Version == 1
	}
	dir := g.DirOf("cpu")
	say := func(controller, one, two string) string {
		text := two
		if v1[controller] {
			text = one
		}
		return "regexp:^" + strings.NewReplacer("PATH", "/"+path, "(", `\(`, ")", `\)`, "+", `\+`, "*", `\*`).Replace(text) + "$"
	}
	at := "cgroup: {path: " + path + ", "
	b.table([]mistake{
		{"cgroup: {path: " + name + "/no, controller: cpu}", "there is no group " + filepath.Dir(dir) + "/no; the task wants one. `mkdir` makes one, in the tree of the controller."},
		{"cgroup: {path: " + path + ", controller: cpu, exists: false}", "the group " + dir + " is there; the task wants it not to be. `rmdir` removes a group without members."},
		{at + "files: {cpu.max: 50000 100000}}", say("cpu", "cpu.cfs_quota_us of the group PATH is 20000 (of each 100000 µs); the task wants 50000 of each 100000 µs.", `cpu.max of the group PATH is 20000 100000; the task wants "50000 100000".`)},
		{at + "files: {cpu.max: max}}", say("cpu", "cpu.cfs_quota_us of the group PATH is 20000 (of each 100000 µs); the task wants -1, no quota.", `cpu.max of the group PATH is 20000 100000; the task wants "max".`)},
		{at + "files: {memory.max: 32M}}", say("memory", "memory.limit_in_bytes of the group PATH is 67108864; the task wants 33554432.", "memory.max of the group PATH is 67108864; the task wants 33554432.")},
		{at + "files: {pids.max: '<= 10'}}", say("pids", "pids.max of the group PATH is 20; the task wants at most 10.", "pids.max of the group PATH is 20; the task wants at most 10.")},
		{"cgroup: {path: " + name + "/idle, files: {cpu.max: 50000 100000}}", strings.ReplaceAll(say("cpu", "cpu.cfs_quota_us of the group PATH is -1 (no quota); the task wants 50000 of each 100000 µs.", `cpu.max of the group PATH is max 100000; the task wants "50000 100000".`), "/demo", "/idle")},
		{"cgroup: {path: " + name + "/idle, files: {cpu.weight: 300}}", strings.ReplaceAll(say("cpu", "cpu.shares of the group PATH is 1024; the task wants about 3072 (cpu.weight 300 on v2).", "cpu.weight of the group PATH is 100; the task wants cpu.weight 300."), "/demo", "/idle")},
		{at + "controller: cpu, holds: [loop, plain]}", "process PID (sleep 47802) is not in the group " + dir + "; the task wants it there. `echo PID > " + dir + "/cgroup.procs` moves it."},
		{at + "controller: cpu, members: 0}", "in the group " + dir + " there is 1 process; the task wants 0."},
		{"cgroup: {path: " + name + "/idle, controller: cpu, members: '>= 1'}", "nobody is in the group " + idle.DirOf("cpu") + "; the task wants at least 1."},
		{"cgroup: {path: " + name + "/idle, throttled: true}", "the group /" + name + "/idle has never been throttled (nr_throttled 0); the task wants its CPU quota to have held it back. A group is throttled when its members want more than its quota: is there one, and does a member spin?"},
		{at + "throttled: false}", "regexp:^the group /\\S+ has been throttled \\(nr_throttled \\d+\\); the task wants it never to have been\\.$"},
		{at + "oom-killed: true}", "the OOM killer has not yet ended a member of the group /" + path + " (oom_kill 0); the task wants that to have happened. A member must touch more memory than the group may have; where there is swap, that must be limited too."},
		{at + "pids-refused: true}", "no fork has been refused in the group /" + path + " (pids.events: max 0); the task wants one to have been, by pids.max."},
		{at + "frozen: true}", "the group " + g.DirOf("freezer") + " is not frozen; the task wants it frozen."},
		{at + "cpu: {percent: 90, tolerance: 5, over: 500ms}}", "regexp:^the group /\\S+ used \\d+ % of a CPU in the last seconds; the task wants about 90 %\\.$"},
		{at + "ratio: {to: " + name + "/idle, is: 3, over: 300ms}}", "regexp:^the group /\\S+ used \\d+ % of a CPU in the last seconds and /\\S+ 0 %; the task wants both to be busy\\.$"},
		{at + "files: {cpu.max: 10000 50000, memory.max: 64M, pids.max: 20}, holds: [loop], throttled: true, oom-killed: false, frozen: false}", ""},
		{"process: {of: loop, cgroup: " + path + ", controller: cpu}", ""},
		{"process: {of: loop, cgroup: " + path + "}", ""},
		{"process: {find: {command: sh ..., cgroup: " + path + "}, count: 1}", ""},
	})
	raw := map[bool]string{true: "v1: {pids.max: 21}", false: "v2: {pids.max: 21}"}[v1["pids"]]
	assert.Contains(t, b.ask(at+"controller: pids, "+raw+"}"), `pids.max of the group /`+path+` is "20"; the task wants "21".`)
	require.NoError(t, os.WriteFile(g.DirOf("pids")+"/pids.max", []byte(strconv.Itoa(21)), 0))
	assert.Empty(t, b.ask(at+"controller: pids, "+raw+"}"))
}
