package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func waitCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "wait", Usage: "wait until containers end, and print their exit status", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: "EXAMPLE:\n   lab wait job",
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() == 0 {
				return &exit{code: 1, err: errors.New("wait wants the name or id of a container")}
			}
			var bad []error
			for _, name := range ctx.Args().Slice() {
				state, err := findSwept(ctx, std, name)
				if err == nil {
					state, err = awaitEnd(store.Open(ctx.String("root")), state)
				}
				if err != nil {
					bad = append(bad, err)
					continue
				}
				fmt.Fprintln(std.out, state.ExitCode)
			}
			return errors.Join(bad...)
		},
	}
}

// awaitEnd waits until a container's first process has ended and its exit status is known. One that was created and never started is
// waited for too.
func awaitEnd(s *store.Store, state container.State) (container.State, error) {
	dir := s.Container(state.ID)
	for unseen := 0; ; {
		now, err := container.ReadState(dir)
		if errors.Is(err, fs.ErrNotExist) { // with --rm it is gone when we look; what was seen last is all there is
			return state, nil
		}
		if err != nil {
			return now, err
		}
		state = now
		switch {
		case state.Alive():
			if process, err := openProcess(state); err == nil {
				processEnded(process, -1)
				_ = unix.Close(process)
			}
		case state.Status == container.Exited || state.Status == container.Dead || state.Status == container.Restarting:
			return state, nil
		case state.Status != container.Created:
			if unseen++; unseen > 500 { // nobody has written how it ended
				return state, fmt.Errorf("container %s has ended, but its monitor was killed before it could say how", state.Name)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
}
