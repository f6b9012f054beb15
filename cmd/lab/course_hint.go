package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
)

func taskFlag() cli.Flag {
	return &cli.StringFlag{Name: "task", Usage: "about `TASK`, and not the first that is open"}
}

// courseTask finds the task that is meant: --task, or the first that is open.
func courseTask(ctx *cli.Context, s *course.Session, l *course.Lab) (*course.Task, error) {
	if name := ctx.String("task"); name != "" {
		if t, ok := l.Task(name); ok {
			return t, nil
		}
		return nil, &exit{code: 1, err: fmt.Errorf("the lab %s has no task %q; `lab course show %s --json` lists them", l.Name, name, l.Number)}
	}
	t, err := s.Open(l)
	if err == nil && t == nil {
		err = &exit{code: 1, err: errors.New("all tasks of the lab " + l.Name + " are done; --task names one")}
	}
	return t, err
}

func courseHintCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[LAB]",
		Description: `Hints come one after the other, from a nudge to nearly the answer; those that you have seen are printed again.

EXAMPLE:
   lab hint`,
		Flags: courseFlags(taskFlag()),
		Action: onLab(std, func(ctx *cli.Context, s *course.Session, l *course.Lab) error {
			t, err := courseTask(ctx, s, l)
			if err != nil {
				return err
			}
			hints, more, err := s.Hint(l, t)
			if err != nil {
				return explainCourse(err)
			}
			hints = slices.Clone(hints)
			for i, hint := range hints {
				hints[i] = s.Fill(ctx.Context, l, hint)
			}
			if ctx.Bool("json") {
				return printJSON(std.out, map[string]any{"lab": l.Name, "task": t.Name, "hints": hints, "more": more})
			}
			p := page(ctx, std.out)
			fmt.Fprintln(std.out, p.Style("bold", t.Title))
			for i, hint := range hints {
				fmt.Fprintf(std.out, "\n%s\n%s", p.Style("faint", p.Say("hint %d of %d", i+1, len(t.Hints))), p.Paragraph("    ", hint))
			}
			if !more {
				fmt.Fprint(std.out, "\n"+p.Paragraph("", p.Say("That was the last one. `lab solve` shows what to type.")))
			}
			return nil
		}),
	}
}

func courseSolveCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[LAB]",
		Description: `What to type, with the numbers and paths of this machine. Type it yourself: that is how it stays with you.

EXAMPLE:
   lab solve
   lab solve --run`,
		Flags: courseFlags(taskFlag(),
			&cli.BoolFlag{Name: "run", Usage: "let lab type it"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "with --run: all tasks that are open"}),
		Action: onLab(std, func(ctx *cli.Context, s *course.Session, l *course.Lab) error {
			for {
				t, err := courseTask(ctx, s, l)
				if err != nil {
					return err
				}
				if err := solveTask(ctx, std, s, l, t); err != nil {
					return err
				}
				next, err := s.Open(l)
				if err != nil || next == nil || !ctx.Bool("run") || !ctx.Bool("all") {
					return err
				}
			}
		}),
	}
}

func solveTask(ctx *cli.Context, std streams, s *course.Session, l *course.Lab, t *course.Task) error {
	text, err := s.Solution(ctx.Context, l, t)
	if err != nil {
		return explainCourse(err)
	}
	if err := s.Solved(l, t); err != nil {
		return err
	}
	run := ctx.Bool("run")
	if ctx.Bool("json") {
		if err := printJSON(std.out, map[string]any{"lab": l.Name, "task": t.Name, "solution": text, "run": run}); err != nil {
			return err
		}
	} else {
		p := page(ctx, std.out)
		fmt.Fprintf(std.out, "%s\n\n", p.Style("bold", t.Title))
		for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
			fmt.Fprint(std.out, "    "+line)
		}
		fmt.Fprintln(std.out)
	}
	if !run {
		return nil
	}
	waiting, stop := interruptible(ctx.Context)
	defer stop()
	if err := s.Solve(waiting, l, t); err != nil {
		return explainCourse(err)
	}
	if ctx.Bool("json") {
		_, err := s.Check(waiting, l, nil)
		return err
	}
	if err := checkOnce(waiting, ctx, std, s, l); err != nil && err.Error() != "" {
		return err
	}
	return nil
}
