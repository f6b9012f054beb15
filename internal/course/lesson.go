package course

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Lesson is the text of a lab as a page: with tasks and their ticks, boxes and variables.
type Lesson struct {
	Lab      *Lab
	Text     string
	Language string
	Record   *Record                         // what is done; nil: nothing
	Source   fs.FS                           // lab's own source, for the boxes
	Fill     func(ref string) (string, bool) // variables; nil: none
}

// Lesson reads the lesson of a lab in the session's language.
func (s *Session) Lesson(ctx context.Context, l *Lab, source fs.FS) (*Lesson, error) {
	text, err := l.Lesson(s.Language)
	if err != nil {
		return nil, fmt.Errorf("read the lesson of %s: %w", l.Name, reason(err))
	}
	p, err := s.Progress()
	if err != nil {
		return nil, err
	}
	v, err := s.View(l)
	if err != nil { // not started: the words mean what they will mean then
		v = s.view(l, &Ledger{Work: s.Work(l.Name), Home: Home{}})
	}
	return &Lesson{Lab: l, Text: text, Language: s.Language, Record: p.Lab(l.Name), Source: source, Fill: v.words(ctx)}, nil
}

// words fills in what does not change while a lesson is read: lab's own variables, values, and what a command prints, where it
// is one line. Processes come and go; of them a lesson speaks by name.
func (v *View) words(ctx context.Context) func(string) (string, bool) {
	return func(ref string) (string, bool) {
		if value, ok := v.own(ref); ok {
			return value, true
		}
		def, ok := v.Lab.Var(ref)
		switch {
		case ok && def.Value != "":
			return v.expand(ctx, def.Value), true
		case ok && def.Output != "":
			return v.line(ctx, def)
		}
		return "", false
	}
}

// Render writes a part of the lesson, or all of it.
func (l *Lesson) Render(w io.Writer, p *Page, text string) error {
	p.Fill, p.Language = l.Fill, l.Language
	p.Task = func(name string) string { return l.task(p, name) }
	p.Inside = func(words string) (string, string) {
		in, err := ParseInside(words)
		if err == nil {
			var q Quote
			if q, err = in.Find(l.Source); err == nil {
				return fmt.Sprintf("%s, line %d", q.File, q.Line), q.Text
			}
		}
		return words, err.Error()
	}
	return p.Render(w, text)
}

// task is the block that stands for a task, in Markdown.
func (l *Lesson) task(p *Page, name string) string {
	for i := range l.Lab.Tasks {
		t := &l.Lab.Tasks[i]
		if t.Name != name {
			continue
		}
		tick := "☐"
		if !p.Color {
			tick = "\\[ \\]"
		}
		if l.Record != nil && l.Record.Has(name) {
			if tick = "✓"; !p.Color {
				tick = "\\[x\\]"
			}
		}
		return p.Say("%s **Task %d of %d: %s**\n\n%s", tick, i+1, len(l.Lab.Tasks), t.Title, t.Text)
	}
	return ""
}

// Part returns the sections of the lesson that lead to task i and hold it: what is read before it is done. For i behind the
// last task it is the rest of the lesson.
func (l *Lesson) Part(i int) string {
	sections := splitSections(l.Text)
	end := func(i int) int { // behind the section that holds task i
		if i < 0 {
			return 0
		}
		if i >= len(l.Lab.Tasks) {
			return len(sections)
		}
		for n, s := range sections {
			for line := range strings.Lines(s) {
				if m := taskMark().FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && m[1] == l.Lab.Tasks[i].Name {
					return n + 1
				}
			}
		}
		return len(sections)
	}
	from, to := end(i-1), end(i)
	if from >= to {
		return ""
	}
	return strings.Join(sections[from:to], "")
}

// splitSections cuts a lesson before each heading of the second level, but for those in blocks of code.
func splitSections(text string) []string {
	var all []string
	var b strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if mark, info, ok := codeFence(trimmed); ok {
			if fence == "" {
				fence = mark
			} else if info == "" && strings.HasPrefix(mark, fence) {
				fence = ""
			}
		}
		if fence == "" && strings.HasPrefix(line, "## ") && b.Len() > 0 {
			all = append(all, b.String())
			b.Reset()
		}
		b.WriteString(line)
	}
	return append(all, b.String())
}
