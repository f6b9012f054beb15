package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/doctor"
)

func doctorCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "try what this machine can do for the labs, and say how to mend it",
		Description: `A tick is there, a cross is not, and a dash is not needed here or could not be told.
The exit status is 0 if every lab can be done.

EXAMPLE:
   sudo lab doctor`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "print the commands for every distribution, not only for this one"},
			jsonFlag("print all that was found as one JSON object"),
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			report, err := examine(ctx)
			if err != nil {
				return err
			}
			if err := printReport(ctx, std, report); err != nil {
				return err
			}
			if !report.OK {
				return &exit{code: 1}
			}
			return nil
		},
	}
}

func examine(ctx *cli.Context) (*doctor.Report, error) {
	waiting, stop := interruptible(ctx.Context)
	defer stop()
	report, err := doctor.Run(waiting, doctor.Options{Store: ctx.String("root"), Parent: os.Getenv("LAB_CGROUP_PARENT")})
	if errors.Is(err, context.Canceled) {
		return nil, &exit{code: 130, err: errors.New("interrupted; what was being tried is taken back")}
	}
	return report, err
}

func printReport(ctx *cli.Context, std streams, report *doctor.Report) error {
	if ctx.Bool("json") {
		encoder := json.NewEncoder(std.out)
		encoder.SetIndent("", "    ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(report)
	}
	plain := ctx.Bool("no-color")
	return report.Print(std.out, doctor.Style{
		Plain: plain || !speaksUTF8(os.Getenv),
		Color: !plain && isTerminal(int(std.out.Fd())),
		All:   ctx.Bool("all"),
	})
}

// speaksUTF8 asks the locale, where the first of three variables that is set counts; see locale(7).
func speaksUTF8(env func(string) string) bool {
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(env(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
