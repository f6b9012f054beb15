package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/container"
)

func psCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "ps", Usage: "list containers",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those that have ended too"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print all in full"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
		},
		Action: func(ctx *cli.Context) error {
			if err := sweep(ctx.String("root")); err != nil {
				complain(std.err, err)
			}
			list, err := listStates(ctx.String("root"))
			if err != nil {
				return err
			}
			if !ctx.Bool("all") {
				list = slices.DeleteFunc(list, func(s container.State) bool { return !s.Alive() })
			}
			return printStates(ctx, std.out, list)
		},
	}
}

func printStates(ctx *cli.Context, out io.Writer, list []container.State) error {
	w := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
	if !ctx.Bool("quiet") && !ctx.Bool("json") {
		fmt.Fprintln(w, "CONTAINER ID\tIMAGE\tCOMMAND\tCREATED\tSTATUS\tNAMES")
	}
	for _, s := range list {
		id, command := short(s.ID), strings.Join(s.Command, " ")
		if ctx.Bool("no-trunc") {
			id = s.ID
		} else if r := []rune(command); len(r) > 20 {
			command = string(r[:19]) + "…"
		}
		switch {
		case ctx.Bool("json"):
			_ = json.NewEncoder(w).Encode(s)
		case ctx.Bool("quiet"):
			fmt.Fprintln(w, id)
		default:
			fmt.Fprintf(w, "%s\t%s\t%q\t%s\t%s\t%s\n", id, s.Image, command, ago(s.Created), status(s), s.Name)
		}
	}
	return w.Flush()
}

func status(s container.State) string {
	switch {
	case s.Alive():
		return "Up " + units.HumanDuration(time.Since(s.Started))
	case s.Status == container.Exited:
		return fmt.Sprintf("Exited (%d) %s", s.ExitCode, ago(s.Finished))
	}
	return "Created"
}
