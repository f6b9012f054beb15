package course

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func render(t *testing.T, p Page, text string) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, p.Render(&b, text))
	return b.String()
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"# Title\nA *b* **c** `d*e*`.", "Title\n=====\n\nA b c `d*e*`.\n"},
		{"one\ntwo three four five six seven eight", "one two three four\nfive six seven eight\n"},
		{"- a\n- b\n  b2\n\n  b3\n1. c", "- a\n- b b2\n\n  b3\n1. c\n"},
		{"* a\n  * b\n* c", "- a\n\n  - b\n- c\n"},
		{"a\n\n    code  x\n\n    more\n\nb", "a\n\n    code  x\n\n    more\n\nb\n"},
		{"```sh\n$ a *b*\n```", "    $ a *b*\n"},
		{"```sh v2\n$ a\n```", "cgroup v2, as on\n    $ a\n"},
		{"> quoted text that is long", "▌ quoted text that\n▌ is long\n"},
		{"| a | b |\n|---|---|\n| 1 | `x|y` |", "a  b\n─  ─────\n1  `x|y`\n"},
		{"[text](https://a.b) [own](c.md) ![alt](d.svg)", "text (https://a.b)\nown [picture: alt]\n"},
		{"a_name_here \\*x\\* 2 * 3", "a_name_here *x* 2 *\n3\n"},
		{"a $work `$work` $$ $!", "a /w `/w` $$ $!\n"},
		{"<!-- nothing -->\nx\n<!--\nmore\n-->", "x\n"},
		{"中文很好，也很长，不会断在逗号前", "中文很好，也很长，不\n会断在逗号前\n"},
		{"中文\n接着", "中文接着\n"},
		{"---", "────────────────────\n"},
	} {
		p := Page{Width: 20, Here: "v2", Fill: func(ref string) (string, bool) { return "/w", ref == "work" }}
		got := render(t, p, c.text)
		if strings.HasPrefix(c.want, "cgroup v2") {
			assert.Equal(t, "cgroup v2, as on this machine:\n    $ a\n", got)
			continue
		}
		assert.Equal(t, c.want, got, c.text)
	}
}

func TestRenderColor(t *testing.T) {
	got := render(t, Page{Width: 12, Color: true}, "**bold words here**")
	assert.Equal(t, "\x1b[1mbold words\x1b[0m\n\x1b[1mhere\x1b[0m\n", got, "a style that is broken ends and begins anew")
	assert.Equal(t, "bold words\nhere\n", stripped(got))
}

// No line of a lesson is wider than the terminal, but for code.
func TestRenderFits(t *testing.T) {
	files, _ := filepath.Glob("../../labs/*/README*.md")
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, width := range []int{40, 80, 200} {
			for _, color := range []bool{false, true} {
				for line := range strings.Lines(render(t, Page{Width: width, Color: color}, string(text))) {
					line = strings.TrimRight(line, "\n")
					if !strings.HasPrefix(stripped(line), "    ") && !strings.Contains(line, "://") && strings.Contains(line, " ") && width > 40 {
						assert.LessOrEqual(t, columns(line), min(width, 100), "%s: %s", file, line)
					}
				}
			}
		}
	}
}

func TestEscape(t *testing.T) {
	for _, s := range []string{"a *b* _c_ [d](e) `f*g`", "1 < 2 | #3", "proc_pid_stat `x_y_z`"} {
		assert.Equal(t, s+"\n", render(t, Page{Width: 100}, Escape(s)))
	}
}

func FuzzRender(f *testing.F) {
	f.Add("# a\n- b\n  - c\n```x\n| a |\n|--|\n> d")
	f.Add("**a *b `c ![x](\n1. \n\n    x")
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		p := Page{Width: 30, Color: true, Inside: func(w string) (string, string) { return w, w }, Task: func(n string) string { return n }}
		if err := p.Render(&b, text); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPartsOfALesson(t *testing.T) {
	l := &Lesson{Lab: &Lab{Tasks: []Task{{Name: "one"}, {Name: "two"}, {Name: "three"}}},
		Text: "# A\n\nintro\n\n## B\n\n<!-- task one -->\n\n<!-- task two -->\n\n```\n## no heading\n```\n\n## C\n\nc\n\n## D\n\n<!-- task three -->\n\n## E\nend\n"}
	assert.True(t, strings.HasPrefix(l.Part(0), "# A\n") && strings.HasSuffix(l.Part(0), "```\n\n"))
	assert.Empty(t, l.Part(1), "it stands in the section that was read already")
	assert.True(t, strings.HasPrefix(l.Part(2), "## C\n") && strings.HasSuffix(l.Part(2), "three -->\n\n"))
	assert.Equal(t, "## E\nend\n", l.Part(3))
}

func TestMatchCommand(t *testing.T) {
	for _, c := range []struct {
		args    string
		command string
		want    bool
	}{
		{"/usr/bin/sleep 60", "sleep 60", true},
		{"sleep 60", "/bin/sleep 60", true},
		{"sleep 60 61", "sleep 60", false},
		{"sleep 60 61", "sleep 60 ...", true},
		{"sleep 60", "sleep *", true},
		{"unshare -f sleep 60", "sleep 60", false},
		{"-bash", "bash", true},
		{"", "sleep", false},
	} {
		assert.Equal(t, c.want, sameCommand(strings.Fields(c.args), c.command), c)
	}
}

func TestCounts(t *testing.T) {
	for text, want := range map[string][3]bool{"2": {false, true, false}, ">= 2": {false, true, true}, "<=2": {true, true, false}, "> 2": {false, false, true}, "< 2": {true, false, false}} {
		c, err := parseCount(text)
		require.NoError(t, err)
		assert.Equal(t, want, [3]bool{c.holds(1), c.holds(2), c.holds(3)}, text)
	}
	_, err := parseCount("two")
	assert.Error(t, err)
}

func TestParseMounts(t *testing.T) {
	list := parseMounts(`36 35 0:45 / /a\040b rw,nosuid shared:7 master:2 - overlay overlay rw,lowerdir=/l\072x:/m,upperdir=/u\,v,workdir=/w` + "\nbroken\n")
	require.Len(t, list, 1)
	m := list[0]
	assert.Equal(t, "/a b", m.at)
	assert.Equal(t, "shared", m.propagation())
	up, ok := m.option("upperdir")
	assert.True(t, ok)
	assert.Equal(t, `/u\,v`, up)
}

func TestParseStat(t *testing.T) {
	p := process{PID: 7}
	require.NoError(t, p.parseStat([]byte("7 (a) b (c) S 1 2 3 34816 5 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0\n")))
	assert.Equal(t, process{PID: 7, Parent: 1, Session: 3, TTY: 34816, State: 'S', Start: 99, Name: "a) b (c"}, p)
	assert.Error(t, p.parseStat([]byte("7 (a")))
	assert.Error(t, p.parseStat([]byte("7 (a) S 1")))
}
