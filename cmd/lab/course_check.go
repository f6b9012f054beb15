package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
)

func courseCheckCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[LAB] [VARIABLE=PID…]",
		Description: `What counts is the state of the kernel, not what was typed. The exit status is 0 when all tasks of the lab are done.
A task that was done stays done.

Where several processes could be meant, name one: VARIABLE=PID, with a variable that the check speaks of.

EXAMPLE:
   lab check
   lab check --watch
   lab check 023 sleeper=4242`,
		Flags: courseFlags(
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "ask again and again, and tick tasks off as they come true"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "say of every open task what is missing, not only of the next"},
		),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			var pins, words []string
			for _, arg := range args {
				if strings.Contains(arg, "=") {
					pins = append(pins, arg)
				} else {
					words = append(words, arg)
				}
			}
			if len(words) > 1 {
				return wants(ctx, "the name of one lab, or none")
			}
			s, l, err := courseLab(ctx, words)
			if err != nil {
				return err
			}
			for _, pin := range pins {
				name, text, _ := strings.Cut(pin, "=")
				pid, err := strconv.Atoi(text)
				if err != nil {
					return &exit{code: 1, err: fmt.Errorf("%q is no number of a process", text)}
				}
				if err := s.Pin(l, name, pid); err != nil {
					return explainCourse(err)
				}
			}
			waiting, stop := interruptible(ctx.Context)
			defer stop()
			if ctx.Bool("watch") {
				return watchLab(waiting, ctx, std, s, l)
			}
			return checkOnce(waiting, ctx, std, s, l)
		}),
	}
}

func checkOnce(waiting context.Context, ctx *cli.Context, std streams, s *course.Session, l *course.Lab) error {
	results, err := s.Check(waiting, l, nil)
	if err != nil {
		return explainCourse(err)
	}
	done := countDone(results)
	var failed error
	if done < len(l.Tasks) {
		failed = &exit{code: 1}
	}
	if ctx.Bool("json") {
		err := printJSON(std.out, map[string]any{"lab": l.Name, "done": done, "tasks": len(l.Tasks), "passed": done == len(l.Tasks), "results": results})
		if err != nil {
			return err
		}
		return failed
	}
	p := page(ctx, std.out)
	fill := func(text string) string { return s.Fill(waiting, l, text) }
	sayAway(std, p, s, l)
	fmt.Fprintf(std.out, "%s  %s %s\n\n", p.Style("bold", l.Number+" "+l.Title), p.Bar(done, len(l.Tasks), 20), p.Say("%d of %d", done, len(l.Tasks)))
	told := false
	for i, r := range results {
		printResult(std, p, l, i, r, !told || ctx.Bool("all"), fill)
		told = told || !r.Done
	}
	fresh := false
	for _, r := range results {
		fresh = fresh || r.Done && !r.Before
	}
	if fresh {
		fmt.Fprintln(std.out)
		if err := readOn(ctx, std, p, s, l); err != nil {
			return err
		}
	}
	return failed
}

// sayAway warns who checks from within: from there the host looks different.
func sayAway(std streams, p *course.Page, s *course.Session, l *course.Lab) {
	v, err := s.View(l)
	if err != nil {
		return
	}
	if away := v.Away(); len(away) > 0 {
		fmt.Fprintln(std.out, p.Paragraph("", p.Style("warn", p.Say("note:"))+" "+p.Say("this terminal is not where the lab was started: it has other namespaces (%s). Check from a terminal of the host.", strings.Join(away, ", "))))
	}
}

func countDone(results []course.Result) int {
	n := 0
	for _, r := range results {
		if r.Done {
			n++
		}
	}
	return n
}

// printResult prints a tick and the title; below what was just done why it is so, below what is open what is missing. fill
// puts what variables mean into a text.
func printResult(std streams, p *course.Page, l *course.Lab, i int, r course.Result, tell bool, fill func(string) string) {
	tick, cross, dot := "✓", "✗", "·"
	if !p.Color {
		tick, cross, dot = "[x]", "[ ]", "[ ]"
	}
	switch {
	case r.Done:
		fmt.Fprintf(std.out, "%s %s\n", p.Style("good", tick), r.Title)
		if !r.Before && l.Tasks[i].After != "" {
			fmt.Fprint(std.out, p.Paragraph("    ", fill(l.Tasks[i].After)))
		}
	case tell:
		fmt.Fprintf(std.out, "%s %s\n", p.Style("bad", cross), p.Style("bold", r.Title))
		printFinding(std, p, r.Finding)
	default:
		fmt.Fprintf(std.out, "%s %s\n", p.Style("faint", dot), p.Style("faint", r.Title))
	}
}

// printFinding prints what was found. The text has names of files and processes in it, and is no Markdown but for code.
func printFinding(std streams, p *course.Page, f course.Finding) {
	fmt.Fprint(std.out, p.Paragraph("    ", course.Escape(p.Sentence(f))))
	if f.Meant != "" {
		fmt.Fprint(std.out, p.Paragraph("    ", course.Escape(p.Sentence(course.Finding{Found: f.Meant}))))
	}
	if f.Look != "" {
		fmt.Fprint(std.out, p.Paragraph("    ", p.Say("look: %s", course.Escape(f.Look))))
	}
}

// readOn prints the lesson up to the next open task, or says that the lab is passed.
func readOn(ctx *cli.Context, std streams, p *course.Page, s *course.Session, l *course.Lab) error {
	next, err := s.Open(l)
	if err != nil {
		return err
	}
	if err := printPart(ctx, std, p, s, l, next); err != nil {
		return err
	}
	if next != nil {
		return nil
	}
	fmt.Fprintln(std.out, "\n"+p.Style("good", p.Say("Lab %s is passed.", l.Number)))
	after := p.Say("`lab reset` takes back what it made.")
	names := s.Catalog.Names()
	for i, name := range names {
		if name == l.Name && i+1 < len(names) {
			after = p.Say("`lab reset` takes back what it made. The next one: `lab course start %s`.", names[i+1][:3])
		}
	}
	fmt.Fprint(std.out, p.Paragraph("", after))
	return nil
}

// watchLab asks again and again, and speaks when something has changed.
func watchLab(waiting context.Context, ctx *cli.Context, std streams, s *course.Session, l *course.Lab) error {
	p := page(ctx, std.out)
	fill := func(text string) string { return s.Fill(waiting, l, text) }
	if !ctx.Bool("json") {
		fmt.Fprintln(std.out, p.Style("bold", l.Number+" "+l.Title))
		fmt.Fprintln(std.out, p.Say("Watching; work in another terminal. Ctrl-C ends it."))
	}
	said, first, ticked := "", true, map[int]bool{}
	for {
		results, err := s.Check(waiting, l, nil)
		if waiting.Err() != nil {
			return &exit{code: 130}
		}
		if err != nil {
			return explainCourse(err)
		}
		fresh := false
		open := -1
		for i, r := range results {
			if r.Done && !ticked[i] { // whoever noted it first: a check in another terminal may have
				ticked[i] = true
				if ctx.Bool("json") {
					if err := printJSON(std.out, r); err != nil {
						return err
					}
				} else {
					printResult(std, p, l, i, r, false, fill)
				}
				fresh = fresh || !r.Before || !first
			}
			if !r.Done && open < 0 {
				open = i
			}
		}
		if fresh && !ctx.Bool("json") {
			fmt.Fprintln(std.out)
			if err := readOn(ctx, std, p, s, l); err != nil {
				return err
			}
		}
		if open < 0 {
			return nil
		}
		if text := results[open].Finding.String(); text != said {
			said = text
			if ctx.Bool("json") {
				err = printJSON(std.out, results[open])
			} else {
				printResult(std, p, l, open, results[open], true, fill)
			}
			if err != nil {
				return err
			}
		}
		first = false
		select {
		case <-waiting.Done():
			return &exit{code: 130}
		case <-time.After(time.Second):
		}
	}
}
