package course

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/ns"
)

// askCommand answers a command check.
func (v *View) askCommand(ctx context.Context, q *CommandCheck) Finding {
	within := orElse(q.Within, 5*time.Second)
	ctx, stop := context.WithTimeout(ctx, within)
	defer stop()
	shown := "`" + clip(oneLine(q.Run), 80) + "`"
	var got outcome
	if q.In == "" {
		got = v.shell(ctx, q.Run)
	} else {
		p := v.bound[q.In]
		if p == nil {
			def, _ := v.Lab.Var(q.In)
			return cannot("the process", &missingProcess{v.describe(ctx, def)})
		}
		shown += " in the namespaces of " + p.String()
		got = v.shellIn(ctx, p, q.Run)
	}
	look := "run it yourself: `" + q.Run + "`"
	if got.err != nil {
		return cannot(shown, got.err)
	}
	if got.late {
		return no(fmt.Sprintf("%s did not end within %v", shown, within), "its answer").at(look)
	}
	want := 0
	if q.Exit != nil {
		want = *q.Exit
	}
	if got.status != want {
		says := ""
		if text := strings.TrimSpace(got.output); text != "" {
			says = " and says " + quoted(text)
		}
		return no(fmt.Sprintf("%s ends with status %d%s", shown, got.status, says), fmt.Sprintf("status %d", want)).at(look)
	}
	return v.judgeText(ctx, got.output, q.Output, q.Contains, q.Lacks, q.Matches, shown+" says", look)
}

func orElse(d Duration, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return time.Duration(d)
}

// shellIn runs a command in all namespaces of a process and below its root.
func (v *View) shellIn(ctx context.Context, p *process, script string) outcome {
	read, write, err := os.Pipe()
	if err != nil {
		return outcome{err: err}
	}
	defer read.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		write.Close()
		return outcome{err: err}
	}
	defer null.Close()
	mark := fmt.Sprintf("LAB_CHECK=%d-%d", os.Getpid(), time.Now().UnixNano())
	defer endMarked(mark)
	child, err := ns.Enter{
		PID: p.PID, All: true, TargetRoot: true, Dir: "/",
		Args: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", mark},
		Stdin: null, Stdout: write, Stderr: write,
	}.Start()
	write.Close()
	if err != nil {
		return outcome{err: err}
	}
	return attend(ctx, child, read)
}

// endMarked ends what a command has left in the background. The command is in our session, so its environment tells.
func endMarked(mark string) {
	for _, p := range listProcesses() {
		if env, err := os.ReadFile(procFile(p.PID, "environ")); err == nil && bytes.Contains(env, []byte(mark)) {
			_ = kill(p)
		}
	}
}

// attend reads what a child prints, and ends it when time is up.
func attend(ctx context.Context, child *kernel.Child, read *os.File) outcome {
	defer child.Close()
	var out limited
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(&out, read)
	}()
	type end struct {
		ws  unix.WaitStatus
		err error
	}
	ended := make(chan end, 1)
	go func() {
		ws, _, err := child.Wait()
		ended <- end{ws, err}
	}()
	var e end
	late := false
	select {
	case e = <-ended:
	case <-ctx.Done():
		late = true
		_ = child.Signal(unix.SIGKILL)
		e = <-ended
	}
	select {
	case <-copied:
	case <-time.After(300 * time.Millisecond): // something in the background has the pipe
		_ = read.SetReadDeadline(time.Now())
		<-copied
	}
	got := outcome{output: out.String(), late: late, err: e.err, status: e.ws.ExitStatus()}
	if e.ws.Signaled() {
		got.status = 128 + int(e.ws.Signal())
	}
	return got
}

// askRecord answers a container or image check, from what `lab inspect` prints.
func (v *View) askRecord(ctx context.Context, what string, q *RecordCheck) Finding {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	name := v.expand(ctx, q.Name)
	record, err := v.inspect(ctx, name)
	if err != nil {
		return cannot("the "+what+" "+name, err)
	}
	there := record != nil && (what == "container") == isContainer(record)
	look := "`lab inspect " + name + "`"
	list := map[string]string{"container": "`lab ps -a`", "image": "`lab images`"}[what]
	if q.Exists != nil && !*q.Exists {
		if !there {
			return yes()
		}
		return no("there is "+map[string]string{"container": "a container ", "image": "an image "}[what]+name, "none").at(list)
	}
	if !there {
		return no("there is no "+what+" "+name, "one").at(list)
	}
	if q.State != "" {
		got, _ := lookup(record, "State.Status")
		if got == "" {
			got, _ = lookup(record, "status")
		}
		if got != q.State {
			return no(fmt.Sprintf("the container %s is %s", name, got), q.State).at("`lab ps -a`")
		}
	}
	for _, path := range sortedKeys(q.Fields) {
		want := v.expand(ctx, q.Fields[path])
		got, ok := lookup(record, path)
		if !ok {
			return no(fmt.Sprintf("the %s %s has no %s", what, name, path), want).at(look)
		}
		if want != "*" && got != want {
			return no(fmt.Sprintf("the %s %s has the %s %s", what, name, path, clip(got, 100)), want).at(look)
		}
	}
	return yes()
}

// inspect asks lab for a container or image; nil when there is none of that name.
func (v *View) inspect(ctx context.Context, name string) (map[string]any, error) {
	if v.Program == "" {
		return nil, errors.New("the lab program is not known")
	}
	args := []string{"inspect", name}
	if v.Root != "" {
		args = append([]string{"--root", v.Root}, args...)
	}
	got := run(ctx, "/", os.Environ(), v.Program, args...)
	if got.err != nil || got.late {
		return nil, errors.Join(got.err, ctx.Err())
	}
	var list []map[string]any
	decoder := json.NewDecoder(bytes.NewReader([]byte(got.output)))
	if err := decoder.Decode(&list); err != nil || len(list) == 0 {
		return nil, nil
	}
	return list[0], nil
}

// isContainer tells the two kinds of records apart: an image has layers, a container a state.
func isContainer(record map[string]any) bool {
	_, ok1 := lookup(record, "State")
	_, ok2 := lookup(record, "status")
	return ok1 || ok2
}

// lookup follows a path of names through maps and numbers through lists, without regard to capitals.
func lookup(record any, path string) (string, bool) {
	at := record
	for name := range strings.SplitSeq(path, ".") {
		switch level := at.(type) {
		case map[string]any:
			found := false
			for key, value := range level {
				if strings.EqualFold(key, name) {
					at, found = value, true
					break
				}
			}
			if !found {
				return "", false
			}
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i < 0 || i >= len(level) {
				return "", false
			}
			at = level[i]
		default:
			return "", false
		}
	}
	switch at := at.(type) {
	case string:
		return at, true
	case nil:
		return "null", true
	}
	text, err := json.Marshal(at)
	return string(text), err == nil
}
