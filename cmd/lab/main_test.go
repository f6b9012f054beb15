package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/container-labs/lab/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// TestScripts runs the files of testdata/script against the real program, as root, on the real kernel.
func TestScripts(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: false,
		Setup: func(env *testscript.Env) error {
			root := filepath.Join(env.WorkDir, ".lab")
			makeBox(t, root)
			env.Defer(func() { endContainers(t, root) })
			env.Setenv("LAB_ROOT", root)
			env.Setenv("LAB_CGROUP_PARENT", os.Getenv("LAB_CGROUP_PARENT"))
			env.Setenv("PATH", filepath.Dir(testenv.Lab(t))+":"+os.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"lab": runLab(testenv.Lab(t))},
	})
}

// runLab makes `lab …` in a script run the program under test: `lab 125 run …` expects that exit status, `! lab …` any but 0.
func runLab(binary string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		want := -1
		if len(args) > 0 && strings.Trim(args[0], "0123456789") == "" {
			for _, c := range args[0] {
				want = max(want, 0)*10 + int(c-'0')
			}
			args = args[1:]
		}
		err := ts.Exec(binary, args...)
		got := 0
		if exit, ok := err.(*exec.ExitError); ok {
			got = exit.ExitCode()
		} else if err != nil {
			ts.Fatalf("lab %v: %v", args, err)
		}
		switch {
		case want >= 0 && got != want:
			ts.Fatalf("lab ended with %d, want %d", got, want)
		case want < 0 && neg && got == 0:
			ts.Fatalf("lab succeeded unexpectedly")
		case want < 0 && !neg && got != 0:
			ts.Fatalf("lab ended with %d", got)
		}
	}
}

// prepare makes the embedded image, and sees to it that no container outlives the test.
func prepare(t *testing.T, root string) {
	t.Helper()
	t.Cleanup(func() { endContainers(t, root) })
	makeBox(t, root)
}

// endContainers ends what a test or script that failed half-way has left running, and fails one that has forgotten it.
func endContainers(t *testing.T, root string) {
	lab := func(args ...string) string {
		out, _ := exec.Command(testenv.Lab(t), append([]string{"--root", root}, args...)...).Output()
		return string(out)
	}
	running := strings.Fields(lab("ps", "-q"))
	if len(running) == 0 {
		return
	}
	lab(append([]string{"rm", "-f"}, running...)...)
	t.Errorf("%d containers were left running in %s", len(running), root)
}

func makeBox(t *testing.T, root string) {
	t.Helper()
	cmd := exec.Command(testenv.Lab(t), "--root", root, "run", "--rm", "box", "true")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("lab run box: %v\n%s", err, out)
	}
}
