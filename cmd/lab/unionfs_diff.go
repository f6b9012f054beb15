package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/unionfs"
)

func unionfsDiffCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[TARGET|CONTAINER]",
		Description: `A line for each name: A added, C changed, D deleted; as docker diff.

EXAMPLE:
   lab unionfs diff merged
   lab unionfs diff --upper upper --lower lower`,
		Flags: andWatch(append(unionFlags(), jsonFlag("print one JSON object a line"))...),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			u, err := unionOf(ctx, std, args)
			if err != nil {
				return notMounted(err)
			}
			if u.upper == "" {
				return usage("unionfs diff wants an upper directory: this union has none, and so no changes")
			}
			changes, err := unionfs.Diff(u.upper, u.lower)
			if err != nil {
				return err
			}
			for _, c := range changes {
				if ctx.Bool("json") {
					err = printJSON(std.out, map[string]string{"kind": string(c.Kind), "path": c.Path})
				} else {
					_, err = fmt.Fprintln(std.out, printable(c.String()))
				}
				if err != nil {
					return err
				}
			}
			return nil
		}),
	}
}
