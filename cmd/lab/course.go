package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	lab "github.com/container-labs/lab"
	"github.com/container-labs/lab/internal/course"
)

// courseVerbs are the verbs of `lab course`.
func courseVerbs() []verb {
	return []verb{
		{"ls", "list the labs, and what is done of each", courseLsCommand},
		{"show", "print a lesson", courseShowCommand},
		{"start", "begin a lab", courseStartCommand},
		{"check", "ask the kernel how far you have come", courseCheckCommand},
		{"hint", "print the next hint for the task at hand", courseHintCommand},
		{"solve", "print the solution of the task at hand, or type it", courseSolveCommand},
		{"reset", "take back what a lab has made", courseResetCommand},
		{"progress", "show what is done of the course", courseProgressCommand},
		{"export", "write the progress to a file", courseExportCommand},
		{"import", "add a progress that was exported", courseImportCommand},
		{"lint", "say what is wrong with labs, by line", courseLintCommand},
		{"new", "make the folder of a new lab", courseNewCommand},
	}
}

func courseCommand(std streams, args []string) *cli.Command {
	return chapter(std, args, "course", "learn by doing: labs, with checks that ask the kernel", courseVerbs())
}

// courseShortCommands are the verbs that stand for themselves: `lab check` is `lab course check`. They are made when args may mean them.
func courseShortCommands(std streams, args []string) []*cli.Command {
	var list []*cli.Command
	for _, v := range courseVerbs() {
		if !slices.Contains([]string{"check", "hint", "solve", "reset", "progress"}, v.name) {
			continue
		}
		c := &cli.Command{Name: v.name, Usage: v.about}
		if slices.Contains(args, v.name) {
			made := v.make(std)
			c.ArgsUsage, c.Description, c.Flags, c.Action = made.ArgsUsage, made.Description, made.Flags, made.Action
		}
		list = append(list, c)
	}
	return list
}

// courseFlags are the flags of every verb of the course that speaks of labs.
func courseFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		jsonFlag("print what there is to say as one JSON object"),
		&cli.StringFlag{Name: "lang", Usage: "the `LANGUAGE` of the texts: en, zh; the locale's where it is not given"},
		labsFlag())
}

// openCourse finds the labs and the learner's session.
func openCourse(ctx *cli.Context) (*course.Session, error) {
	labs, err := catalog(ctx)
	if err != nil {
		return nil, err
	}
	s, err := course.Open(labs)
	if err != nil {
		return nil, err
	}
	s.Language = language(ctx.String("lang"), os.Getenv)
	s.Root = ctx.String("root")
	return s, nil
}

// language is the first part of what --lang or the locale says: zh of zh_CN.UTF-8.
func language(flag string, env func(string) string) string {
	for _, text := range []string{flag, env("LC_ALL"), env("LC_MESSAGES"), env("LANG")} {
		if text == "" {
			continue
		}
		text, _, _ = strings.Cut(text, ".")
		text, _, _ = strings.Cut(text, "_")
		text, _, _ = strings.Cut(text, "-")
		if text == "C" || text == "POSIX" {
			return "en"
		}
		return strings.ToLower(text)
	}
	return "en"
}

// page is the terminal, or what stands for it: without colours and 80 columns wide where the output is piped.
func page(ctx *cli.Context, out *os.File) *course.Page {
	p := &course.Page{Width: 80, Language: language(ctx.String("lang"), os.Getenv)}
	if isTerminal(int(out.Fd())) {
		p.Color = !ctx.Bool("no-color")
		if size, err := unix.IoctlGetWinsize(int(out.Fd()), unix.TIOCGWINSZ); err == nil && size.Col >= 20 {
			p.Width = int(size.Col)
		}
	}
	return p
}

// courseLab opens the session and the lab that the first argument means; the current one without.
func courseLab(ctx *cli.Context, args []string) (*course.Session, *course.Lab, error) {
	s, err := openCourse(ctx)
	if err != nil {
		return nil, nil, err
	}
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	l, err := s.Load(word)
	return s, l, explainCourse(err)
}

// onLab is the action of a verb that takes the name of one lab, or none.
func onLab(std streams, do func(*cli.Context, *course.Session, *course.Lab) error) cli.ActionFunc {
	return flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
		if len(args) > 1 {
			return wants(ctx, "the name of one lab, or none")
		}
		s, l, err := courseLab(ctx, args)
		if err != nil {
			return err
		}
		return do(ctx, s, l)
	})
}

// explainCourse says what to type where a lab is not known or not started.
func explainCourse(err error) error {
	var unknown *course.UnknownLabError
	var not *course.NotStartedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		return &exit{code: 1, err: errors.New(err.Error() + "; `lab course ls` lists them")}
	case errors.As(err, &not):
		return &exit{code: 1, err: errors.New(err.Error() + "; `lab course start " + not.Lab[:3] + "` starts it")}
	case errors.Is(err, course.ErrNoCurrent):
		return &exit{code: 1, err: errors.New(err.Error() + "; `lab course start 000` starts the first")}
	}
	return &exit{code: 1, err: err}
}

// lessonOf reads a lesson with everything that it needs for a page.
func lessonOf(ctx context.Context, s *course.Session, l *course.Lab) (*course.Lesson, error) {
	return s.Lesson(ctx, l, lab.Source)
}
