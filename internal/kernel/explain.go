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
	why   string
	shell string
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
	fmt.Fprintf(p.Out, "next %3d  %s\n          [Enter] make this call  [q] stop here: ", n, abbreviate(op.String()))
	line, err := p.lines.ReadString('\n')
	if err != nil || strings.TrimSpace(line) == "q" {
		fmt.Fprintln(p.Out)
		p.In = nil // what is undone now is shown, and not asked about
		return ErrGaveUp
	}
	return nil
}

// After prints the op. Ops that serve one purpose stand together below it, with the line of source that made the first;
// each has its number, the call with its result, the time it took in the kernel, and the shell line that does the same.
func (p *Printer) After(n int, op *Op, r Result) {
	var b strings.Builder
	if !p.began || r.Child != p.child {
		p.began, p.child, p.why = true, r.Child, ""
		b.WriteString(rule(r.Child))
	}
	if op.Why != "" && op.Why != p.why {
		b.WriteString(apart(abbreviate(op.Why), op.Source(), 0))
	}
	p.why = op.Why
	call := abbreviate(op.String()) + " = " + resultText(op, r)
	b.WriteString(apart(fmt.Sprintf("%4d  %s", n, call), took(r.Took), 6))
	if line := op.Shell(); line != "" && line != p.shell {
		b.WriteString(fold("      $ "+abbreviate(line), 8) + "\n")
		p.shell = line
	}
	_, _ = io.WriteString(p.Out, b.String())
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
		return ""
	}
	return fmt.Sprintf("%d µs", d.Microseconds())
}
