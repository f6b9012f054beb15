package main

import (
	"fmt"
	"io"
	"os"

	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/course"
)

func courseExportCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[FILE]",
		Description: `Without a file it is printed. It is JSON, and needs no account and no network.

EXAMPLE:
   lab course export progress.json`,
		Flags: courseFlags(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) > 1 {
				return wants(ctx, "one file, or none")
			}
			s, err := openCourse(ctx)
			if err != nil {
				return err
			}
			if len(args) == 0 || args[0] == "-" {
				return s.Export(std.out)
			}
			file, err := renameio.NewPendingFile(args[0], renameio.WithPermissions(0o644))
			if err != nil {
				return fmt.Errorf("write the progress: %w", err)
			}
			defer file.Cleanup()
			if err := s.Export(file); err != nil {
				return err
			}
			return file.CloseAtomicallyReplace()
		}),
	}
}

func courseImportCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "FILE",
		Description: `What is done here or there is done afterwards. A dash is the standard input.

EXAMPLE:
   lab course import progress.json`,
		Flags: courseFlags(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) != 1 {
				return wants(ctx, "one file")
			}
			s, err := openCourse(ctx)
			if err != nil {
				return err
			}
			var from io.Reader = std.in
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer file.Close()
				from = file
			}
			added, err := s.Import(from)
			if err != nil {
				return &exit{code: 1, err: err}
			}
			if ctx.Bool("json") {
				return printJSON(std.out, map[string]any{"file": s.ProgressFile(), "added": added})
			}
			fmt.Fprintf(std.out, "%s came to it\n", counted(added, "task", "tasks"))
			return nil
		}),
	}
}

func courseNewCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NNN-NAME",
		Description: `The folder is made in --labs, or in ./labs. It is a lab that works: change it step by step.

EXAMPLE:
   lab course new 045-layers`,
		Flags: courseFlags(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) != 1 {
				return wants(ctx, "one name")
			}
			dir := ctx.String("labs")
			if dir == "" {
				dir = "labs"
			}
			path, err := course.New(dir, args[0])
			if err != nil {
				return &exit{code: 1, err: err}
			}
			if ctx.Bool("json") {
				return printJSON(std.out, map[string]string{"path": path})
			}
			fmt.Fprintf(std.out, "%s\n`lab course lint %s` says what is wrong with it, `lab course start %s` tries it.\n", path, args[0][:3], args[0][:3])
			return nil
		}),
	}
}
