package course

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What lab says is in the table, what is in the table is said, and both have the same verbs.
func TestEveryWordIsTranslated(t *testing.T) {
	said := map[string]string{}
	for _, pattern := range []string{"*.go", "../../cmd/lab/course*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			collectSaid(t, file, said)
		}
	}
	verbs := regexp.MustCompile(`%[a-z]`)
	for english, where := range said {
		words, ok := chinese()[english]
		assert.True(t, ok, "%s: %q has no translation", where, english)
		assert.Equal(t, verbs.FindAllString(english, -1), verbs.FindAllString(words, -1), english)
	}
	for english := range chinese() {
		assert.Contains(t, said, english, "nobody says it")
	}
}

// collectSaid finds the calls p.Say("…").
func collectSaid(t *testing.T, file string, said map[string]string) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		name, ok := call.Fun.(*ast.SelectorExpr)
		if ok && name.Sel.Name == "Say" {
			format, ok := call.Args[0].(*ast.BasicLit)
			if assert.True(t, ok, "%s: Say wants the words themselves", set.Position(call.Pos())) {
				text, err := strconv.Unquote(format.Value)
				require.NoError(t, err)
				said[text] = set.Position(call.Pos()).String()
			}
		}
		return true
	})
}

func TestSentence(t *testing.T) {
	p := &Page{Language: "zh"}
	for _, test := range []struct {
		f    Finding
		want string
	}{
		{no("there is no /w/net.txt", "it there"), "没有 /w/net.txt；任务要求：它在那里。"},
		{no("process 7 (sleep 60) is in net:[4026531840], the host's", "one in a namespace of its own").advise(unshareAdvice("net")),
			"进程 7 (sleep 60) 在 net:[4026531840]，那是宿主机的；任务要求：它在自己的命名空间里。`unshare` 加上 -n 才会新建一个。"},
		{no("there is no process `sleep 1010`", "it running").advise("Was it put in the background with `&`, and is it still running?"),
			"没有进程 `sleep 1010`；任务要求：它在运行。它用 `&` 放到后台了吗？还在运行吗？"},
		{Finding{Found: "process 7 (sleep 60) is the likeliest of 2 that match; `lab check 010 it=PID` names another."},
			"符合的有 2 个，最可能是 process 7 (sleep 60)；`lab check 010 it=PID` 可以指定另一个。"},
		{no("something that is not in the list", "42"), "something that is not in the list；任务要求：42。"},
	} {
		assert.Equal(t, test.want, p.Sentence(test.f))
	}
	english := &Page{Language: "fr"}
	assert.Equal(t, "there is no x; the task wants it there.", english.Sentence(no("there is no x", "it there")))
	assert.Equal(t, "hint 1 of 2", english.Say("hint %d of %d", 1, 2))
}

// Each line of the list is well formed, and none hides one below it.
func TestPhrases(t *testing.T) {
	list := chinesePhrases()
	assert.Len(t, list, strings.Count(strings.TrimSpace(chinesePhraseList), "\n")+1)
	for i, one := range list {
		line := strings.Split(strings.TrimSpace(chinesePhraseList), "\n")[i]
		english, _, _ := strings.Cut(line, " = ")
		first := slices.IndexFunc(list, func(p phrase) bool { return p.english.MatchString(strings.ReplaceAll(english, "*", "x")) })
		assert.Equal(t, i, first, line)
		assert.LessOrEqual(t, strings.Count(one.chinese, "${"), strings.Count(english, "*"), line)
	}
}
