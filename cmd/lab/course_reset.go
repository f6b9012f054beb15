package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
)

func courseResetCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[LAB]",
		Description: `What the lab's scripts started, what is in its work directory and its fence, and what the lab declares is removed.
What was there before the lab was started is left, and said. Go files that you have changed are kept, and it is said where.

EXAMPLE:
   lab reset
   lab reset --all`,
		Flags: courseFlags(&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "every lab that is started"}),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) > 1 || len(args) == 1 && ctx.Bool("all") {
				return wants(ctx, "the name of one lab, or none")
			}
			s, err := openCourse(ctx)
			if err != nil {
				return err
			}
			var list []*course.Lab
			if ctx.Bool("all") {
				for _, name := range s.Catalog.Names() {
					if _, err := s.Ledger(name); err != nil {
						continue
					}
					l, err := s.Load(name)
					if err != nil {
						return explainCourse(err)
					}
					list = append(list, l)
				}
			} else {
				_, l, err := courseLab(ctx, args)
				if err != nil {
					return err
				}
				if _, err := s.Ledger(l.Name); err != nil {
					return explainCourse(err)
				}
				list = append(list, l)
			}
			waiting, stop := interruptible(ctx.Context)
			defer stop()
			all := []*course.Cleaned{}
			for _, l := range list {
				cleaned, err := s.Reset(waiting, l)
				if !ctx.Bool("json") {
					printCleaned(std, page(ctx, std.out), cleaned)
				}
				if err != nil {
					return explainCourse(err)
				}
				all = append(all, cleaned)
			}
			if ctx.Bool("json") {
				return printJSON(std.out, all)
			}
			return nil
		}),
	}
}

// printCleaned says what reset has removed, left and kept.
func printCleaned(std streams, p *course.Page, c *course.Cleaned) {
	fmt.Fprintf(std.out, "%s\n", p.Style("bold", p.Say("Lab %s is taken back.", c.Lab[:3])))
	for _, line := range c.Ended {
		fmt.Fprint(std.out, p.Paragraph("    ", p.Say("ended %s", course.Escape(line))))
	}
	for _, line := range c.Removed {
		fmt.Fprint(std.out, p.Paragraph("    ", p.Say("removed %s", course.Escape(line))))
	}
	for _, line := range c.Left {
		fmt.Fprint(std.out, p.Paragraph("    ", p.Style("warn", p.Say("left"))+" "+course.Escape(line)))
	}
	if c.Kept != "" {
		fmt.Fprint(std.out, p.Paragraph("    ", p.Say("kept your Go files in %s", course.Escape(c.Kept))))
	}
}
