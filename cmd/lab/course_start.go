package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
	"github.com/container-labs/lab/internal/doctor"
)

func courseStartCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "LAB",
		Description: `A lab is named by its number, its name, or what the name begins with. It gets a work directory in ~/lab-course, and is
the one that the other commands mean when none is named.

With --catch-up what this lab and the one before have left is taken back first, and with --task lab does the tasks before
that one: so you get to where the others are.

EXAMPLE:
   lab course start 010
   lab course start 030 --catch-up --task memory`,
		Flags: courseFlags(
			&cli.BoolFlag{Name: "catch-up", Usage: "begin from a clean state, whatever came before"},
			&cli.StringFlag{Name: "task", Usage: "let lab do the tasks before `TASK`; with --catch-up"},
		),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) != 1 {
				return wants(ctx, "the name of one lab")
			}
			return courseStart(ctx, std, args[0])
		}),
	}
}

// courseStart starts the lab that a word means.
func courseStart(ctx *cli.Context, std streams, name string) error {
	s, err := openCourse(ctx)
	if err != nil {
		return err
	}
	l, err := s.Load(name)
	if err != nil {
		return explainCourse(err)
	}
	waiting, stop := interruptible(ctx.Context)
	defer stop()
	p := page(ctx, std.out)
	before, err := s.Progress()
	if err != nil {
		return err
	}
	if len(before.Labs) == 0 && !ctx.Bool("json") {
		if err := firstTime(ctx, std, p); err != nil {
			return err
		}
	}
	options := course.StartOptions{CatchUp: ctx.Bool("catch-up"), Task: ctx.String("task"), Terminal: isTerminal(int(std.in.Fd()))}
	started, err := s.Start(waiting, l, options)
	if err != nil {
		var unmet *course.UnmetError
		if errors.As(err, &unmet) {
			return &exit{code: 1, err: err}
		}
		return explainCourse(err)
	}
	if ctx.Bool("json") {
		return printJSON(std.out, map[string]any{"lab": l.Name, "title": l.Title, "work": started.Work, "again": started.Again, "fenced": started.Fenced, "cleaned": started.Cleaned})
	}
	for _, c := range started.Cleaned {
		printCleaned(std, p, c)
	}
	return paged(std, func(std streams) error { return greet(ctx, std, p, s, l, started) })
}

// firstTime lets the doctor look at the machine before the first lab of all.
func firstTime(ctx *cli.Context, std streams, p *course.Page) error {
	fmt.Fprintln(std.out, p.Style("faint", p.Say("Before the first lab, a look at what this machine can do …")))
	report, err := examine(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, p.Paragraph("", report.Summary()))
	if !report.OK {
		for _, r := range report.Results {
			if r.State == doctor.No && r.Need != doctor.Nice {
				fmt.Fprintf(std.out, "  %s %s\n", p.Style("bad", "✗"), r.Name)
			}
		}
		fmt.Fprintln(std.out, "  "+p.Say("`lab doctor` says how to mend it."))
	}
	return nil
}

// greet says what the lab is about, and prints the lesson up to the task at hand.
func greet(ctx *cli.Context, std streams, p *course.Page, s *course.Session, l *course.Lab, started *course.Started) error {
	title := p.Say("Lab %s, %s", l.Number, l.Title)
	if started.Again {
		title = p.Say("Lab %s, %s, which is started already", l.Number, l.Title)
	}
	fmt.Fprintln(std.out, p.Style("bold", title))
	about := p.Say("%d minutes, %d tasks. %s", l.Minutes, len(l.Tasks), l.Summary)
	if len(l.Tasks) == 1 {
		about = p.Say("%d minutes, 1 task. %s", l.Minutes, l.Summary)
	}
	fmt.Fprint(std.out, p.Paragraph("", about))
	fmt.Fprintln(std.out, "\n"+p.Say("The work directory: %s", p.Style("bold", "cd "+started.Work)))
	if started.Fenced != "" {
		fmt.Fprintln(std.out)
		fmt.Fprint(std.out, p.Paragraph("", p.Say("This terminal, %s, is now in a fence: a control group with %s. What you start here cannot harm the machine. `lab reset` lets it out.", started.Fenced, l.Fence)))
	}
	fmt.Fprintln(std.out)
	next, err := s.Open(l)
	if err != nil {
		return err
	}
	if err := printPart(ctx, std, p, s, l, next); err != nil {
		return err
	}
	fmt.Fprint(std.out, "\n"+p.Paragraph("", p.Say("When you have done it: `lab check`. Stuck: `lab hint`. The whole lesson: `lab course show`.")))
	return nil
}

// printPart prints the part of the lesson that leads to a task; with nil, its end.
func printPart(ctx *cli.Context, std streams, p *course.Page, s *course.Session, l *course.Lab, task *course.Task) error {
	lesson, err := lessonOf(ctx.Context, s, l)
	if err != nil {
		return err
	}
	i := len(l.Tasks)
	for n := range l.Tasks {
		if task != nil && l.Tasks[n].Name == task.Name {
			i = n
		}
	}
	part := lesson.Part(i)
	if part == "" && task != nil {
		part = "<!-- task " + task.Name + " -->"
	}
	if part == "" {
		return nil
	}
	return lesson.Render(std.out, p, part)
}
