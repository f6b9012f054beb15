package main

import (
	"errors"
	"fmt"
	"github.com/container-labs/lab/pkg/container"
	"io/fs"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/store"
)

func rmCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove containers that have ended", ArgsUsage: "CONTAINER [CONTAINER…]",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "kill those that run"}},
		Action: func(ctx *cli.Context) error {
			root := ctx.String("root")
			return eachContainer(ctx, std, func(state container.State) error {
				if state.Alive() && ctx.Bool("force") {
					if err := stopContainer(root, state, 0); err != nil {
						return err
					}
				}
				return removeContainer(store.Open(root), state)
			})
		},
	}
}

func removeContainer(s *store.Store, state container.State) error {
	state, err := container.ReadState(s.Container(state.ID)) // as it is now
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it removed itself
	}
	if err != nil {
		return err
	}
	if state.Alive() {
		return fmt.Errorf("container %s is running: stop it first, or remove it by force with -f", state.Name)
	}
	ledger, err := s.Begin(state.ID, store.Undo{Do: "container", Arg: s.Container(state.ID)}, store.Undo{Do: "name", Arg: state.Name + " " + state.ID})
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("container %s is busy: another lab command is at work on it", state.Name)
	}
	if err != nil {
		return err
	}
	return ledger.Undo(doers(s, nil))
}
