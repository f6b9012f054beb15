package main

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/unionfs"
)

func unionfsListCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: " ",
		Description: `Those of this mount namespace: a container's root is mounted in the container's own.

EXAMPLE:
   lab unionfs ls`,
		Flags: andWatch(&cli.BoolFlag{Name: "noheadings", Aliases: []string{"n"}, Usage: "print no headings"}, jsonFlag("print one JSON object a line")),
		Action: watched(std, func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			list, err := unionfs.Mounts()
			if err != nil {
				return err
			}
			t := &table{heads: []string{"TARGET", "UPPER", "LOWER, TOPMOST FIRST"}, right: make([]bool, 3)}
			for _, o := range list {
				if ctx.Bool("json") {
					err := printJSON(std.out, map[string]any{"target": o.Target, "upper": o.Upper, "work": o.Work, "lower": o.Lower, "readonly": o.ReadOnly})
					if err != nil {
						return err
					}
					continue
				}
				upper := o.Upper
				if upper == "" {
					upper = "-"
				}
				t.rows = append(t.rows, []string{o.Target, upper, strings.Join(o.Lower, " ")})
			}
			if !ctx.Bool("json") {
				return t.print(ctx, std)
			}
			return nil
		}),
	}
}

func notMounted(err error) error {
	if errors.Is(err, unionfs.ErrNotMounted) {
		return advise(err, "`lab unionfs ls` lists where one is")
	}
	return err
}
