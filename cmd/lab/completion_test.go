package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestCompletionInBash asks the function that bash would call, with the words as readline takes them apart.
func TestCompletionInBash(t *testing.T) {
	testenv.Root(t)
	bash := testenv.Have(t, "bash")
	lab := testenv.Lab(t)
	root := filepath.Join(t.TempDir(), "lab")
	tar := filepath.Join(t.TempDir(), "empty.tar")
	require.NoError(t, os.WriteFile(tar, make([]byte, 1024), 0o600))
	for _, args := range [][]string{
		{"import", tar, "one:latest"}, {"import", tar, "two:1"}, {"import", tar, "two:2"}, {"import", tar, "host:5000/three:v1"},
		{"run", "--name", "web-1", "box", "true"}, {"run", "--name", "web-2", "box", "true"},
	} {
		out, err := exec.Command(lab, append([]string{"--root", root}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(tar), "spaced out"), nil, 0o600))
	complete := func(words ...string) []string {
		script := `source <("$1" completion bash); shift
COMP_WORDS=(lab "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
COMP_WORDS[0]=$LAB; _lab 2>&1
printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.Command(bash, append([]string{"--norc", "-c", script, "bash", lab}, words...)...)
		cmd.Env = append(os.Environ(), "LAB_ROOT="+root, "LAB="+lab)
		cmd.Dir = filepath.Dir(tar)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.Fields(string(out))
	}
	for _, test := range []struct {
		words []string
		want  []string
	}{
		{[]string{"sto"}, []string{"stop"}},
		{[]string{"container", "unp"}, []string{"unpause"}},
		{[]string{"run", "--hostn"}, []string{"--hostname"}},
		{[]string{"container", "ls", "--no-t"}, []string{"--no-trunc"}},
		{[]string{"rm", "web"}, []string{"web-1", "web-2"}},
		{[]string{"rm", "-f", "web-1", "web"}, []string{"web-1", "web-2"}},
		{[]string{"logs", "web-1", ""}, nil},
		{[]string{"stop", "web"}, nil}, // none of them runs
		{[]string{"start", "web-2"}, []string{"web-2"}},
		{[]string{"run", "--rm", "--name", "x", "on"}, []string{"one"}},
		{[]string{"rmi", "two", ":", ""}, []string{"1", "2"}},
		{[]string{"rmi", "two", ":", "1"}, []string{"1"}},
		{[]string{"rmi", "two"}, []string{"two:1", "two:2"}},
		{[]string{"save", "host", ":", "5000/th"}, []string{"5000/three:v1"}},
		{[]string{"inspect", "--type", "im"}, []string{"image"}},
		{[]string{"ps", "--filter", "stat"}, []string{"status=", "status=running", "status=exited"}},
		{[]string{"ps", "--filter", "status", "=", "run"}, []string{"running"}},
		{[]string{"cp", "web"}, []string{"web-1:", "web-2:"}},
		{[]string{"cp", "emp"}, []string{"empty.tar"}},
		{[]string{"cp", "empty.tar", "web-2"}, []string{"web-2:"}},
		{[]string{"cp", "web-1", ":", "/etc/hosts", "emp"}, []string{"empty.tar"}},
		{[]string{"import", "spac"}, []string{"spaced", "out"}}, // one file; Fields takes it apart
		{[]string{"import", "emp"}, []string{"empty.tar"}},
		{[]string{"load", "-i", "emp"}, []string{"empty.tar"}},
		{[]string{"ns", "un"}, []string{"unshare"}},
		{[]string{"ns", "unshare", "--mount-p"}, []string{"--mount-proc"}},
		{[]string{"completion", "z"}, []string{"zsh"}},
		{[]string{"course", "start", "02"}, []string{"020", "021", "022", "023", "024"}},
		{[]string{"course", "show", "010-c"}, []string{"010-chroot-and-escape"}},
		{[]string{"course", "check", "chroot-a"}, []string{"chroot-and-escape"}},
		{[]string{"reset", "00"}, []string{"000"}},
		{[]string{"course", "start", "010", ""}, nil},
		{[]string{"course", "lint", "010", "00"}, []string{"000"}},
		{[]string{"course", "show", "--lang", "z"}, []string{"zh"}},
		{[]string{"--root", root, "rm", "web-2"}, []string{"web-2"}},
		{[]string{"nonsense", "x"}, nil},
	} {
		assert.ElementsMatch(t, test.want, complete(test.words...), strings.Join(test.words, " "))
	}
}
