package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/container-labs/lab/internal/fold"
)

// Style says how a report is printed.
type Style struct {
	Plain bool // ASCII, without ticks and crosses
	Color bool // colours of a terminal
	All   bool // the commands for every distribution, not only for this one
}

const (
	columns = 80
	names   = 22 // where, in a line, what it is needed for begins, less four
)

// Print writes the report for a person: at most 80 columns, commands to be pasted excepted.
func (r *Report) Print(out io.Writer, s Style) error {
	var b strings.Builder
	group, told := "", map[string]string{}
	for _, c := range r.Results {
		if c.Group != group {
			if group != "" {
				b.WriteByte('\n')
			}
			group = c.Group
			b.WriteString(s.paint("1", group) + "\n")
		}
		s.line(&b, c, told)
	}
	b.WriteString("\n" + fold.Text(r.Summary(), 0, columns) + "\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// line prints one check: a mark, its name, what it is for; what was found, where that says more; and how to mend it.
func (s Style) line(b *strings.Builder, c Result, told map[string]string) {
	text := c.NeededFor
	switch {
	case c.State == No || c.State == Unknown:
		text += " (" + string(c.Need) + ")"
	case c.Group == "machine": // nothing to be had or not: the answer is all there is to say
		text = c.Found
	case c.Found != "":
		text += ": " + c.Found
	}
	name := c.Name + strings.Repeat(" ", max(names-utf8.RuneCountInString(c.Name), 1))
	fmt.Fprintf(b, "  %s %s%s\n", s.mark(c.State), name, fold.Text(text, names+4, columns))
	indent := strings.Repeat(" ", 4)
	if c.State == No || c.State == Unknown {
		b.WriteString(indent + fold.Text(c.Found, 4, columns) + "\n")
	}
	if c.State == No {
		s.mend(b, c, told)
	}
}

// mend prints commands. Those that were told before, for the check that told names, are not repeated.
func (s Style) mend(b *strings.Builder, c Result, told map[string]string) {
	command := func(text string) {
		for line := range strings.Lines(text) {
			b.WriteString("      " + s.paint("36", strings.TrimRight(line, "\n")) + "\n")
		}
	}
	if c.Here == "" {
		return // another check has the reason
	}
	if !s.All {
		if name := told[c.Here]; name != "" {
			b.WriteString("    to be mended as " + name + " is\n")
			return
		}
		told[c.Here] = c.Name
		command(c.Here)
		return
	}
	for _, on := range [...]struct {
		name string
		f    Family
	}{{"Debian", Debian}, {"Ubuntu", Ubuntu}, {"Fedora", Fedora}, {"WSL", WSL}, {"elsewhere", Other}} {
		if text := c.Mend.On(on.f); text != "" {
			b.WriteString("    " + on.name + ":\n")
			command(text)
		}
	}
}

// mark is a tick, a dash or a cross.
func (s Style) mark(state State) string {
	switch state {
	case Yes:
		return s.paint("32", s.glyph("✓", "+"))
	case No:
		return s.paint("31", s.glyph("✗", "x"))
	}
	return s.paint("33", s.glyph("–", "-"))
}

func (s Style) glyph(full, plain string) string {
	if s.Plain {
		return plain
	}
	return full
}

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Summary is the end of the report, in words.
func (r *Report) Summary() string {
	missing := map[Need]int{}
	dark := 0
	for _, c := range r.Results {
		switch {
		case c.State == No:
			missing[c.Need]++
		case c.State == Unknown && c.Need != Nice:
			dark++
		}
	}
	var parts []string
	for _, need := range [...]Need{EveryLab, SomeLabs} {
		if n := missing[need]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s of what %s need%s", things(n), need, map[Need]string{EveryLab: "s"}[need]))
		}
	}
	var text string
	switch {
	case len(parts) > 0:
		text = "Missing: " + strings.Join(parts, ", ") + "."
	case dark == 0:
		text = "Every lab can be done here."
	default:
		text = "Nothing is known to be missing."
	}
	if dark > 0 {
		text += " " + things(dark) + " could not be told"
		if !r.Root {
			text += "; sudo lab doctor can"
		}
		text += "."
	}
	return text
}

func things(n int) string {
	if n == 1 {
		return "1 thing"
	}
	return fmt.Sprintf("%d things", n)
}
