package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func rmCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "remove containers that have ended", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: "EXAMPLE:\n   lab rm -f web",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "kill those that run; one that is not there is no error"},
			&cli.BoolFlag{Name: "volumes", Aliases: []string{"v"}, Usage: "remove the volumes that were made for it too"},
		},
		Action: func(ctx *cli.Context) error {
			root := ctx.String("root")
			return eachContainer(ctx, std, func(state container.State) error {
				if state.Status == container.Dead {
					if !ctx.Bool("force") {
						return errors.New(state.Error)
					}
					return removeLost(root, state)
				}
				if ctx.Bool("force") {
					return removeByForce(root, state)
				}
				return removeContainer(store.Open(root), state)
			})
		},
	}
}

// removeByForce ends a container and removes it. One that its policy has just started again is ended once more.
func removeByForce(root string, state container.State) error {
	s := store.Open(root)
	for try := 0; ; try++ {
		switch state.Status {
		case container.Running, container.Paused, container.Restarting: // the first process may have ended, and its policy start the next
			if err := stopContainer(root, state, stopping{seconds: new(int), signal: "KILL", remove: true}); err != nil {
				if now, lost := container.ReadState(s.Container(state.ID)); lost != nil || now.Alive() {
					return err
				}
				endMonitor(s, state.ID) // all but its monitor has ended, and that does not answer
			}
		}
		err := removeContainer(s, state)
		var running *runningError
		if try == 20 || !errors.As(err, &running) {
			return err
		}
		if state, err = container.ReadState(s.Container(state.ID)); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
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
		return errRunning(state)
	}
	// The name goes last: while the container is there, nobody else may take it.
	undo := []store.Undo{{Do: "name", Arg: state.Name + " " + state.ID}, {Do: "container", Arg: s.Container(state.ID)}}
	ledger, err := own(s, state, undo...)
	if errors.Is(err, unix.ENOSPC) { // not even a ledger fits: what the container wrote makes room
		if err := s.Remove(filepath.Join(s.Container(state.ID), "upper")); err != nil {
			return err
		}
		ledger, err = own(s, state, undo...)
	}
	if errors.Is(err, errNoContainer) {
		return nil // somebody else has removed it
	}
	if err != nil {
		return err
	}
	if ledger == nil {
		return errRunning(state)
	}
	_, _ = container.ChangeState(s.Container(state.ID), func(now *container.State) error {
		now.Status = container.Removing // nobody gives it a new name now
		return nil
	})
	err = ledger.Undo(doers(s, nil))
	if err == nil {
		tell(s, state, "destroy", nil)
	}
	return err
}

func errRunning(state container.State) error { return &runningError{state.Name} }

type runningError struct{ name string }

func (e *runningError) Error() string {
	return fmt.Sprintf("container %s is running: stop it first, or remove it by force with -f", e.name)
}
