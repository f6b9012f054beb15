package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// goPatience is how long the first build may take, of the standard library too.
const goPatience = 2 * time.Minute

// askGo puts the lab's tests beside a copy of the learner's files, and runs them.
func (v *View) askGo(ctx context.Context, q *GoCheck) Finding {
	within := orElse(q.Within, goPatience)
	ctx, stop := context.WithTimeout(ctx, within)
	defer stop()
	program, err := exec.LookPath("go")
	if err != nil {
		return no("Go is not installed here, or not in PATH", "it").at("https://go.dev/doc/install, or the package golang")
	}
	dir, err := os.MkdirTemp("", "lab-go-")
	if err != nil {
		return cannot("a directory for the build", err)
	}
	defer os.RemoveAll(dir)
	if err := v.gather(dir, q); err != nil {
		return cannot("the Go files in "+v.Work, err)
	}
	look := "`cd " + v.Work + " && go vet .`"
	args := []string{"test", "-count=1", "-vet=off", "-timeout", within.String()}
	if q.Run != "" {
		args = append(args, "-run", q.Run)
	}
	got := run(ctx, dir, append(v.Environment(ctx, ""), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0"), program, args...)
	switch {
	case got.err != nil:
		return cannot("the build", got.err)
	case got.late:
		return no(fmt.Sprintf("build and tests did not end within %v", within), "their answer").advise("Does the program wait for something?").at(look)
	case got.status == 0 && !strings.Contains(got.output, "no tests to run"):
		return yes()
	case got.status == 0:
		return no("no test is called "+q.Run, "one")
	}
	return goFinding(got.output, look)
}

// gather copies what is to be built: the learner's files, and the lab's tests over them.
func (v *View) gather(dir string, q *GoCheck) error {
	files, err := filepath.Glob(filepath.Join(v.Work, "*.go"))
	if err == nil && len(files) == 0 {
		err = errors.New("there are none")
	}
	for _, file := range files {
		text, err := readWhole(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, name := range q.Tests {
		text, err := fs.ReadFile(v.Lab.Files, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, path.Base(name)), text, 0o644); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), []byte(goMod), 0o644)
}

// goMod is the go.mod of a learner's package: nothing is required, and an older Go will do.
const goMod = "module learner\n\ngo 1.22\n"

// goFinding makes sentences of what go test prints: the compiler's first line, or what the first failing test says.
func goFinding(output, look string) Finding {
	var test string
	var said []string
	for line := range strings.Lines(output) {
		trimmed := strings.TrimSpace(line)
		if m := compilerLine().FindStringSubmatch(line); m != nil && test == "" {
			return no("it does not compile: "+m[1], "it to").at(look)
		}
		if name, ok := strings.CutPrefix(trimmed, "--- FAIL: "); ok {
			if len(said) > 0 {
				break
			}
			test, _, _ = strings.Cut(name, " ")
			continue
		}
		if test == "" {
			if strings.HasPrefix(trimmed, "panic:") {
				return no("the program stops with a panic: "+strings.TrimPrefix(trimmed, "panic: "), "it to run through").at(look)
			}
			continue
		}
		if trimmed == "FAIL" || strings.HasPrefix(trimmed, "--- ") || strings.HasPrefix(trimmed, "===") {
			break
		}
		said = append(said, testLine().ReplaceAllString(trimmed, ""))
	}
	text := strings.TrimSuffix(strings.Join(said, " "), ".")
	if text == "" {
		text = "go test fails: " + quoted(strings.TrimSpace(output))
	}
	f := Finding{Found: clip(text, 600), Look: look}
	if test != "" {
		f.Look = "the test " + test + ", and " + look
	}
	return f
}

// compilerLine is ./main.go:12:3: undefined: x
func compilerLine() *regexp.Regexp { return regexp.MustCompile(`^(?:\./)?(\S+\.go:\d+:\d+: .*\S)`) }

// testLine is the file and line that testing puts before a message.
func testLine() *regexp.Regexp { return regexp.MustCompile(`^\S+_test\.go:\d+: `) }
