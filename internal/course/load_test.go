package course

import (
	"bytes"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the files that are compared with")

const plainLab = `title: A lab
summary: What there is.
minutes: 10
vars:
  sleeper:
    process: {command: sleep 1}
tasks:
  - name: one
    title: One
    text: Do it.
    check:
      process: {of: sleeper, own: net}
    hints: [Think.]
    solution: sleep 1 &
`

func load(text string) (*Lab, error) {
	return Load(fstest.MapFS{"lab.yaml": {Data: []byte(text)}, "README.md": {Data: []byte("# A\n<!-- task one -->\n")}}, "010-a", "labs/010-a")
}

func TestLoad(t *testing.T) {
	lab, err := load(plainLab)
	require.NoError(t, err)
	assert.Equal(t, "010", lab.Number)
	assert.Equal(t, Strings{"net"}, lab.Tasks[0].Check.Process.Own)
	assert.NoError(t, lab.Lint(nil))
}

// Each mistake has a line, and a sentence that says what to write instead.
func TestLoadMistakes(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"minutes: 10", "minuets: 10", `labs/010-a/lab.yaml:3: a lab has no field "minuets"; did you mean "minutes"?`},
		{"minutes: 10", "minutes: ten", `labs/010-a/lab.yaml:3: "minutes" must be a whole number, and is "ten"`},
		{"minutes: 10", "minutes: 200", `labs/010-a/lab.yaml:3: a lab takes 5 to 90 minutes, and this says 200`},
		{"minutes: 10", "minutes:", `labs/010-a/lab.yaml:3: "minutes" is empty`},
		{"minutes: 10", "minutes: [1]", `labs/010-a/lab.yaml:3: "minutes" must be one value, and is a list`},
		{"minutes: 10", "minutes: 10\ntitle: Again", `labs/010-a/lab.yaml:4: this is no YAML: mapping key "title" already defined at [1:1]`},
		{"title: A lab\n", "", `labs/010-a/lab.yaml:1: a lab must say "title": the lab's title, one line`},
		{"of: sleeper", "off: sleeper", `labs/010-a/lab.yaml:12: "process" has no field "off"; did you mean "of"?`},
		{"of: sleeper", "of: slepper", `labs/010-a/lab.yaml:12: "of" must name a process variable, and "slepper" is none; there are sleeper`},
		{"own: net", "own: network", `labs/010-a/lab.yaml:12: "network" is no kind of namespace; there are mnt, uts, ipc, net, pid, user, cgroup, time`},
		{"own: net", "state: sleepy", `labs/010-a/lab.yaml:12: "state" must be one of running, sleeping, waiting, stopped, zombie, and is "sleepy"`},
		{"own: net", "root: $wrok/x", `labs/010-a/lab.yaml:12: "root" uses $wrok, and there is no such variable`},
		{"own: net", "has: net_admim", `labs/010-a/lab.yaml:12: unknown capability "net_admim"; near names are CAP_NET_ADMIN`},
		{"own: net", "count: some", `labs/010-a/lab.yaml:12: "count" must be a number, or one of >=, <=, >, < and a number, and is "some"`},
		{"of: sleeper, ", "", `labs/010-a/lab.yaml:12: a process check needs "of" or "find", and not both`},
		{"process: {of: sleeper, own: net}", "proces: {of: sleeper}", `labs/010-a/lab.yaml:12: a check has no field "proces"; did you mean "process"?`},
		{"process: {of: sleeper, own: net}", "say: Oh.", `labs/010-a/lab.yaml:12: a check must ask one thing, and this asks nothing`},
		{"process: {of: sleeper, own: net}", "file: {path: /x, matches: '('}", "labs/010-a/lab.yaml:12: \"matches\" is no regular expression: error parsing regexp: missing closing ): `(`"},
		{"process: {of: sleeper, own: net}", "cgroup: {path: x, files: {cpu.shares: 1}}", `labs/010-a/lab.yaml:12: "cpu.shares" is no file that lab can translate to v1; there are cpu.max, cpu.weight, cpuset.cpus, cpuset.mems, memory.max, memory.low, memory.current, memory.peak, pids.max, pids.current, cgroup.freeze, io.weight; others go below v1 and v2`},
		{"process: {of: sleeper, own: net}", "eventually: {within: 2h, check: {file: {path: /x}}}", `labs/010-a/lab.yaml:12: "within" is one minute at most`},
		{"process: {of: sleeper, own: net}", "eventually: {within: soon, check: {file: {path: /x}}}", `labs/010-a/lab.yaml:12: "within" must be a length of time, such as 5s or 500ms, and is "soon"`},
		{"solution: sleep 1 &", "solution: {v1: x}", `labs/010-a/lab.yaml:14: "solution" must have both v1 and v2, or be one text for both`},
		{"solution: sleep 1 &", "solution: &a x", `labs/010-a/lab.yaml:14: anchors, aliases and tags of YAML are not used in labs; write the value itself`},
		{"    hints: [Think.]\n", "", `labs/010-a/lab.yaml:12: the task "one" has no hints; give at least one, from a nudge to nearly the answer`},
		{"process: {command: sleep 1}", "about: it", `labs/010-a/lab.yaml:5: the variable "sleeper" must have exactly one of value, output and process`},
		{"  sleeper:", "  Sleeper:", `labs/010-a/lab.yaml:5: "Sleeper" is no name for a variable: small letters, digits and _, beginning with a letter`},
		{"tasks:", "tasks: [", `labs/010-a/lab.yaml:7: this is no YAML: `},
		{"minutes: 10", "minutes: 10\nneeds: {cgroup: v2}", `labs/010-a/lab.yaml:4: "cgroup" needs "controllers": which controller must sit in v2?`},
		{"minutes: 10", "minutes: 10\nfence: {pids: 9}", `labs/010-a/lab.yaml:4: a fence needs root: say needs: {root: true}`},
		{"minutes: 10", "minutes: 10\nfence: {}", `labs/010-a/lab.yaml:4: a fence without a limit keeps nothing in`},
	} {
		require.Contains(t, plainLab, c.old)
		_, err := load(strings.Replace(plainLab, c.old, c.new, 1))
		if assert.Error(t, err, c.new) {
			assert.Contains(t, err.Error(), c.want)
		}
	}
}

func TestLintMistakes(t *testing.T) {
	for _, c := range []struct{ lesson, want string }{
		{"One\n<!-- task one -->\n", `labs/010-a/README.md:1: a lesson begins with its title: "# …"`},
		{"# One\n", `labs/010-a/README.md: the task "one" has no place in the lesson: a line <!-- task one -->`},
		{"# One\n<!-- task two -->\n", `labs/010-a/README.md:2: there is no task "two" in lab.yaml`},
		{"# One\n<!-- task one -->\n<!-- task one -->\n", `labs/010-a/README.md:3: the task "one" is not the next one; tasks stand in the lesson in the order of lab.yaml, each once`},
		{"# One\n<!-- task one -->\n```sh\n", `labs/010-a/README.md:3: a block of code is not closed`},
		{"# One\n<!-- task one -->\n[x](gone.md)\n", `labs/010-a/README.md:3: the link leads to "gone.md", which is not in the lab`},
		{"# One\n<!-- task one -->\n```inside pkg/chroot Nothing\n```\n", `labs/010-a/README.md:3: look inside pkg/chroot: there is no Nothing`},
		{"# One\n<!-- task one -->\n```inside pkg/chroot\n```\n", "labs/010-a/README.md:3: a box is called by a package and a symbol, such as `inside pkg/chroot Pivot`, and this by"},
	} {
		lab, err := load(plainLab)
		require.NoError(t, err)
		lab.Files.(fstest.MapFS)["README.md"] = &fstest.MapFile{Data: []byte(c.lesson)}
		err = lab.Lint(os.DirFS("../.."))
		if assert.Error(t, err, c.lesson) {
			assert.Contains(t, err.Error(), c.want)
		}
	}
}

func TestInside(t *testing.T) {
	in, err := ParseInside(" pkg/chroot Command.Start")
	require.NoError(t, err)
	quote, err := in.Find(os.DirFS("../.."))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(quote.Text, "func (c Command) Start("), quote.Text)
	assert.Positive(t, quote.Line)
}

func TestSchemaFile(t *testing.T) {
	const path = "../../labs/lab.schema.json"
	if *update {
		require.NoError(t, os.WriteFile(path, Schema(), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(have, Schema()), "labs/lab.schema.json is not what the types say: go test ./internal/course -run Schema -update")
}

// Every field has its words, and its place in the reference.
func TestReferenceNamesEveryField(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/lab-yaml.md")
	require.NoError(t, err)
	for _, f := range Fields() {
		name := f[strings.LastIndexByte(f, '.')+1:]
		assert.True(t, bytes.Contains(text, []byte("`"+name+"`")), "docs/reference/lab-yaml.md does not explain %s", f)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Lab](), reflect.TypeFor[Check](), reflect.TypeFor[ProcessCheck]()} {
		for _, f := range fieldsOf(typ) {
			assert.NotEmpty(t, f.doc, "%s.%s", typ, f.name)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(plainLab)
	f.Add("a: &x [*x]")
	f.Add("tasks: [{check: {all: []}}]")
	f.Fuzz(func(t *testing.T, text string) { _, _ = load(text) })
}

// The examples of the reference are checks that load.
func TestReferenceExamples(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/lab-yaml.md")
	require.NoError(t, err)
	n := 0
	for _, part := range strings.Split(string(text), "```yaml\n")[1:] {
		example, _, _ := strings.Cut(part, "```")
		if !strings.HasPrefix(example, "check:\n") {
			continue
		}
		n++
		indented := "    " + strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n    ")
		lab := strings.Replace(plainLab, "    check:\n      process: {of: sleeper, own: net}", indented, 1)
		lab = strings.Replace(lab, "minutes: 10", "minutes: 10\nneeds: {root: true}\nfence: {pids: 9}", 1)
		files := fstest.MapFS{"lab.yaml": {Data: []byte(lab)}, "testdata/root_test.go": {}}
		_, err := Load(files, "010-a", "example")
		assert.NoError(t, err, "%s", example)
	}
	assert.Greater(t, n, 12)
}
