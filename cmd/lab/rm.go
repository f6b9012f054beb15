package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/store"
)

func rmCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove containers that have ended", ArgsUsage: "CONTAINER [CONTAINER…]",
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() == 0 {
				return &exit{code: 1, err: errors.New("rm wants the name or id of a container")}
			}
			if err := sweep(ctx.String("root")); err != nil {
				complain(std.err, err)
			}
			s := store.Open(ctx.String("root"))
			var failed []error
			for _, name := range ctx.Args().Slice() {
				if err := removeContainer(s, ctx.String("root"), name); err != nil {
					failed = append(failed, err)
					continue
				}
				fmt.Fprintln(std.out, name)
			}
			return errors.Join(failed...)
		},
	}
}

func removeContainer(s *store.Store, root, name string) error {
	state, err := findState(root, name)
	if err != nil {
		return err
	}
	if state.Alive() {
		return fmt.Errorf("container %s is running: stop its program first, with Ctrl-C where `lab run` waits for it", name)
	}
	ledger, err := s.Begin(state.ID, store.Undo{Do: "container", Arg: s.Container(state.ID)}, store.Undo{Do: "name", Arg: state.Name + " " + state.ID})
	if err != nil {
		return err
	}
	return ledger.Undo(doers(s, nil))
}
