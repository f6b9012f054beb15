package main

import (
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
)

func courseShowCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[LAB]",
		Description: `The lesson with its tasks, as far as they are done. In a pipe it is plain text; on a terminal $PAGER, if it is set, shows what is longer than the screen.

EXAMPLE:
   lab course show 010 | less`,
		Flags: courseFlags(&cli.BoolFlag{Name: "markdown", Usage: "print the lesson as it is written"}),
		Action: onLab(std, func(ctx *cli.Context, s *course.Session, l *course.Lab) error {
			lesson, err := lessonOf(ctx.Context, s, l)
			if err != nil {
				return err
			}
			switch {
			case ctx.Bool("json"):
				type task struct {
					Name  string `json:"name"`
					Title string `json:"title"`
					Text  string `json:"text"`
					Hints int    `json:"hints"`
					Done  bool   `json:"done"`
				}
				tasks := []task{}
				for _, t := range l.Tasks {
					tasks = append(tasks, task{t.Name, t.Title, t.Text, len(t.Hints), lesson.Record.Has(t.Name)})
				}
				return printJSON(std.out, map[string]any{"name": l.Name, "title": l.Title, "minutes": l.Minutes, "tasks": tasks, "lesson": lesson.Text, "languages": l.Languages()})
			case ctx.Bool("markdown"):
				_, err := std.out.WriteString(lesson.Text)
				return err
			}
			p := page(ctx, std.out)
			return paged(std, func(std streams) error { return lesson.Render(std.out, p, lesson.Text) })
		}),
	}
}
