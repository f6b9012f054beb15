package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrGaveUp is returned by the op at which the person at the terminal ended a run with --step.
var ErrGaveUp = errors.New("stopped at the prompt: nothing further was done")

// Printer is the [Watcher] behind --explain, --step and --dry-run: it prints each op as it is made.
type Printer struct {
	Out io.Writer
	In  io.Reader // with it, Before waits for Enter: --step

	lines *bufio.Reader
	child bool
	began bool
}

// Steps says whether the printer waits before each op.
func (p *Printer) Steps() bool { return p.In != nil }

// Before shows the op that comes and waits for Enter; q or the end of input ends the run.
func (p *Printer) Before(n int, op *Op) error {
	if p.In == nil {
		return nil
	}
	if p.lines == nil {
		p.lines = bufio.NewReader(p.In)
	}
	fmt.Fprintf(p.Out, "next %3d  %s\n          [Enter] make this call  [q] stop here: ", n, fit(op.String(), 68))
	line, err := p.lines.ReadString('\n')
	if err != nil || strings.TrimSpace(line) == "q" {
		fmt.Fprintln(p.Out)
		return ErrGaveUp
	}
	return nil
}

// After prints the op: number, call and result; then its purpose, the shell line that does the same, and where in the
// source it was made, with the time that it took in the kernel.
func (p *Printer) After(n int, op *Op, r Result) {
	if !p.began {
		p.began = true
		fmt.Fprintf(p.Out, "%4s  %s\n", "#", "system call = result")
	}
	if r.Child != p.child {
		p.child = r.Child
		who := "lab itself"
		if r.Child {
			who = "the new process"
		}
		fmt.Fprintf(p.Out, "----  %s %s\n", who, strings.Repeat("-", 73-len(who)))
	}
	fmt.Fprintf(p.Out, "%4d  %s = %s\n", n, op.String(), resultText(op, r))
	if op.Why != "" {
		fmt.Fprintf(p.Out, "      # %s\n", op.Why)
	}
	if line := op.Shell(); line != "" {
		fmt.Fprintf(p.Out, "      $ %s\n", line)
	}
	fmt.Fprintf(p.Out, "      %s  %s  %s\n", took(r.Took), op.Source(), op.Man())
}

func resultText(op *Op, r Result) string {
	switch {
	case r.Errno != 0:
		return "-1 " + unix.ErrnoName(r.Errno) + " (" + r.Errno.Error() + ")"
	case op.Out != 0:
		return fmt.Sprintf("%d → $%d", r.Value, op.Out)
	}
	return itoa(int(r.Value))
}

func took(d time.Duration) string {
	if d == 0 {
		return "   –    "
	}
	return fmt.Sprintf("%5d µs", d.Microseconds())
}

// fit cuts a line to a width.
func fit(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	return string(r[:width-1]) + "…"
}
