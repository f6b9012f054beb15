package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/doctor"
	"github.com/container-labs/lab/internal/store"
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
	note, forget := noteTrials(ctx.String("root"))
	defer forget()
	report, err := doctor.Run(waiting, doctor.Options{Store: ctx.String("root"), Parent: os.Getenv("LAB_CGROUP_PARENT"), Note: note})
	if errors.Is(err, context.Canceled) {
		return nil, &exit{code: 130, err: errors.New("interrupted; what was being tried is taken back")}
	}
	return report, err
}

// noteTrials has what the checks make written down, for whoever comes after a lab that was killed meanwhile. Where nothing can be
// written the checks go on: they are to tell of that too. A store that was not there yet is gone again in the end.
func noteTrials(root string) (note func(dir string), forget func()) {
	if os.Geteuid() != 0 {
		return nil, func() {}
	}
	if err := sweep(root); err != nil {
		complain(os.Stderr, err)
	}
	s := store.Open(root)
	var made []string
	for _, name := range [...]string{"ledger", "names", "merged", "containers"} {
		if !isThere(s.Path(name)) {
			made = append(made, s.Path(name))
		}
	}
	made = append(made, missingAbove(root)...)
	remove := func() {
		for _, dir := range made { // only what is empty
			_ = os.Remove(dir)
		}
	}
	ledger, err := beginLedger(s, "doctor")
	if err != nil {
		return nil, remove
	}
	return func(dir string) { _ = ledger.Add(store.Undo{Do: "trial", Arg: dir}) }, func() {
		if err := ledger.Undo(doers(s, nil)); err != nil {
			complain(os.Stderr, err)
		}
		remove()
	}
}

// missingAbove lists dir and the directories above it that are not there, the lowest first.
func missingAbove(dir string) (list []string) {
	dir, err := filepath.Abs(dir)
	for ; err == nil && !isThere(dir); dir = filepath.Dir(dir) {
		list = append(list, dir)
	}
	return list
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
