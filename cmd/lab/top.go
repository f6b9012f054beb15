package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func topCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "top", Usage: "list the processes of a container", ArgsUsage: "CONTAINER [PS-OPTIONS]",
		Description: `The process ids are the host's. Options of ps: -ef (the default), aux, -o COLUMN,COLUMN…

EXAMPLE:
   lab top web -o pid,stat,args`,
		SkipFlagParsing: true, // what follows is for ps
		Action: func(ctx *cli.Context) error {
			args := ctx.Args().Slice()
			if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
				return cli.ShowSubcommandHelp(ctx)
			}
			if len(args) > 0 && args[0] == "--" {
				args = args[1:]
			}
			if len(args) == 0 {
				return &exit{code: 1, err: errors.New("top wants the name of a container; see `lab top --help`")}
			}
			columns, err := psColumns(args[1:])
			if err != nil {
				return err
			}
			return topContainer(ctx.String("root"), args[0], columns, std)
		},
	}
}

func topContainer(root, name string, columns []column, std streams) error {
	state, err := findState(root, name)
	if err != nil {
		return err
	}
	if !state.Alive() {
		return fmt.Errorf("container %s is not running", state.Name)
	}
	machine, err := cgroup.Detect()
	if err != nil {
		return err
	}
	group, err := machine.Open(groupOf(state))
	if err != nil {
		return fmt.Errorf("container %s is not running", state.Name)
	}
	pids, err := group.Procs()
	if err != nil {
		return err
	}
	now, err := readNow()
	if err != nil {
		return err
	}
	note(root, state, "top")
	w := newTable(std.out)
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.header
	}
	fmt.Fprintln(w, strings.Join(heads, "\t"))
	for _, pid := range pids {
		p, err := readProcess(pid, now)
		if errors.Is(err, os.ErrNotExist) {
			continue // ended since
		}
		if err != nil {
			return err
		}
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = clean(c.value(p))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// clean takes out what a process may have put into its name to play with the person's terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
}
