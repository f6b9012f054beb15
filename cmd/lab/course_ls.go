package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
)

// labLine is a lab in lists.
type labLine struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	Summary string    `json:"summary"`
	Minutes int       `json:"minutes"`
	Root    bool      `json:"root"`
	Tasks   int       `json:"tasks"`
	Done    int       `json:"done"`
	Passed  time.Time `json:"passed,omitzero"`
	Current bool      `json:"current"`
	Started bool      `json:"started"` // it has made something that reset takes back
	Inside  bool      `json:"inside"`  // of lab itself, not of a folder on disk
	Error   string    `json:"error,omitempty"`
}

// counts is how many tasks count as done: a lab that was passed stays so, whatever reset has taken back.
func (l labLine) counts() int {
	if l.Passed.IsZero() {
		return l.Done
	}
	return l.Tasks
}

// done is counts in words, and for a lab that is done once more how far that is.
func (l labLine) done(p *course.Page) string {
	if !l.Passed.IsZero() && l.Started && l.Done < l.Tasks {
		return p.Say("%d of %d again", l.Done, l.Tasks)
	}
	return p.Say("%d of %d", l.counts(), l.Tasks)
}

func labLines(s *course.Session) ([]labLine, error) {
	progress, err := s.Progress()
	if err != nil {
		return nil, err
	}
	list := []labLine{}
	for _, name := range s.Catalog.Names() {
		l, err := s.Catalog.Load(name, s.Language)
		if err != nil {
			list = append(list, labLine{Name: name, Error: err.Error()})
			continue
		}
		record := progress.Lab(name)
		_, err = s.Ledger(name)
		line := labLine{
			Name: name, Title: l.Title, Summary: l.Summary, Minutes: l.Minutes, Root: l.Needs.Root, Tasks: len(l.Tasks),
			Done: record.Count(l), Passed: record.Passed, Current: progress.Current == name, Started: err == nil, Inside: l.Inside,
		}
		list = append(list, line)
	}
	return list, nil
}

// onLabs is the action of a verb that takes no arguments and speaks of all labs.
func onLabs(std streams, do func(*cli.Context, *course.Session, []labLine) error) cli.ActionFunc {
	return flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
		if len(args) > 0 {
			return wants(ctx, "no arguments")
		}
		s, err := openCourse(ctx)
		if err != nil {
			return err
		}
		list, err := labLines(s)
		if err != nil {
			return err
		}
		return do(ctx, s, list)
	})
}

func courseLsCommand(std streams) *cli.Command {
	return &cli.Command{
		Description: `EXAMPLE:
   lab course ls`,
		Flags: courseFlags(),
		Action: onLabs(std, func(ctx *cli.Context, s *course.Session, list []labLine) error {
			if ctx.Bool("json") {
				return printJSON(std.out, list)
			}
			p := page(ctx, std.out)
			var table strings.Builder
			fmt.Fprintf(&table, "| | %s | %s | %s | %s |\n|---|---|---|---|---|\n", p.Say("LAB"), p.Say("TITLE"), p.Say("MINUTES"), p.Say("DONE"))
			for _, l := range list {
				if l.Error != "" {
					fmt.Fprintf(&table, "| ! | %s | it cannot be read: lab course lint %s | | |\n", l.Name, l.Name)
					continue
				}
				fmt.Fprintf(&table, "| %s | %s | %s | %d | %s |\n", labMark(p, l), l.Name, strings.ReplaceAll(l.Title, "|", "\\|"), l.Minutes, l.done(p))
			}
			if err := p.Render(std.out, table.String()); err != nil {
				return err
			}
			if s.Catalog.Disk != "" {
				fmt.Fprintln(std.out, "\n"+p.Say("Labs of %s come before those inside lab.", s.Catalog.Disk))
			}
			return nil
		}),
	}
}

// labMark is a tick for a lab that is passed, an arrow for the current one.
func labMark(p *course.Page, l labLine) string {
	passed, current := "✓", "▸"
	if !p.Color {
		passed, current = "x", ">"
	}
	switch {
	case !l.Passed.IsZero():
		return passed
	case l.Current:
		return current
	}
	return " "
}

func courseProgressCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "",
		Description: `The progress is one file to be read, which --json names; ` + "`lab course export`" + ` takes it elsewhere.

EXAMPLE:
   lab progress`,
		Flags: courseFlags(),
		Action: onLabs(std, func(ctx *cli.Context, s *course.Session, list []labLine) error {
			done, all := 0, 0
			for _, l := range list {
				done, all = done+l.counts(), all+l.Tasks
			}
			if ctx.Bool("json") {
				return printJSON(std.out, map[string]any{"file": s.ProgressFile(), "done": done, "tasks": all, "labs": list})
			}
			p := page(ctx, std.out)
			fmt.Fprintf(std.out, "%s %s\n\n", p.Bar(done, all, 30), p.Say("%d of %d tasks", done, all))
			for _, l := range list {
				if l.Error == "" {
					fmt.Fprintf(std.out, "%s %s %s  %s\n", labMark(p, l), p.Bar(l.counts(), l.Tasks, 10), l.Name[:3], l.Title)
				}
			}
			return nil
		}),
	}
}
