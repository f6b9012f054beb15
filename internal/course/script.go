package course

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// scriptPatience is how long setup and solutions may take.
const scriptPatience = time.Minute

// ScriptError says that a script of the lab itself ended badly.
type ScriptError struct {
	What   string // "the solution of own-network"
	Output string
	Err    error
}

func (e *ScriptError) Error() string {
	text := fmt.Sprintf("%s: %v", e.What, e.Err)
	if out := strings.TrimSpace(e.Output); out != "" {
		text += "\n" + out
	}
	return text
}
func (e *ScriptError) Unwrap() error { return e.Err }

// Type runs the solution of a task, as a learner would type it. What it puts in the background goes on.
func (s *Session) Type(ctx context.Context, l *Lab, t *Task) error {
	ledger, err := s.Ledger(l.Name)
	if err != nil {
		return err
	}
	v := s.view(l, ledger)
	return s.script(ctx, v, ledger, t.Solution.For(v.version()), "the solution of "+t.Name)
}

// script runs shell text of a lab in the work directory and in the fence. Its session is noted in the ledger before the
// script can begin: it waits for one byte.
func (s *Session) script(ctx context.Context, v *View, ledger *Ledger, text, what string) error {
	ctx, stop := context.WithTimeout(ctx, scriptPatience)
	defer stop()
	out, err := os.CreateTemp("", "lab-script-")
	if err != nil {
		return fmt.Errorf("run %s: %w", what, err)
	}
	defer out.Close()
	defer os.Remove(out.Name())
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", what, err)
	}
	defer write.Close()

	cmd := exec.CommandContext(ctx, "/bin/sh", "-eu", "-c", "read go <&9; exec 9<&-; "+v.join()+"\n"+text)
	cmd.Dir, cmd.Env = v.Work, v.Environment(ctx, text)
	cmd.Stdout, cmd.Stderr = out, out // a file: what stays in the background does not keep us waiting
	cmd.ExtraFiles = make([]*os.File, 7)
	cmd.ExtraFiles[6] = read // descriptor 9
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	err = cmd.Start()
	read.Close()
	if err != nil {
		return fmt.Errorf("run %s: %w", what, err)
	}
	p, err := readProcess(cmd.Process.Pid)
	if err == nil {
		ledger.Runs = append(ledger.Runs, Run{cmd.Process.Pid, p.Start, bootID()})
		err = s.write(ledger)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return fmt.Errorf("run %s: %w", what, err)
	}
	_, _ = write.WriteString("go\n")
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("it did not end within %v", scriptPatience)
		}
		said, _ := os.ReadFile(out.Name())
		return &ScriptError{what, clip(string(said), 4000), err}
	}
	return nil
}

// join is shell text with which a script goes into the fence.
func (v *View) join() string {
	if v.Lab.Fence == nil {
		return ":"
	}
	m, err := v.groups()
	if err != nil {
		return ":"
	}
	var b strings.Builder
	for i := range m.Hierarchies {
		h := &m.Hierarchies[i]
		if dir := h.Dir + h.Base + "/" + v.fence() + "/shell"; h.Name == "" && exists(dir) {
			fmt.Fprintf(&b, "echo 0 > '%s/cgroup.procs'; ", dir)
		}
	}
	return b.String() + ":"
}

// bootID tells one boot of the machine from another: numbers of processes mean nothing after it.
func bootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(bytes.TrimSpace(text))
}

// expandShell fills variables into shell text, but for what stands in single quotes, which a shell would not either.
func expandShell(text string, fill func(string) (string, bool)) string {
	pieces := strings.Split(text, "'")
	for i := 0; i < len(pieces); i += 2 {
		pieces[i] = fillIn(pieces[i], fill)
	}
	return strings.Join(pieces, "'")
}

// kill ends one process and waits for its end. A number that belongs to another process by now is left alone.
func kill(p process) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("kill %s: %w", &p, err)
	}
	defer unix.Close(fd)
	if !p.alive() {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill %s: %w", &p, err)
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if !p.alive() {
			return nil
		}
	}
	return fmt.Errorf("kill %s: it is still there after five seconds", &p)
}

// runProcesses lists the processes of the scripts that lab has run.
func (l *Ledger) runProcesses() []process {
	boot := bootID()
	var all []process
	for _, p := range listProcesses() {
		for _, r := range l.Runs {
			if p.Session == r.Session && p.Start >= r.Since && r.Boot == boot && p.State != 'Z' {
				all = append(all, p)
				break
			}
		}
	}
	return all
}
