package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func attachCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "attach", Usage: "join your terminal to a running container's", ArgsUsage: "CONTAINER",
		Description: `Everybody who is attached sees the same and types into the same. ctrl-p ctrl-q leaves the container running.
Where it has no terminal, ctrl-c is passed on to it, and ctrl-c three times in a row leaves it running.

EXAMPLE:
   lab attach web`,
		Flags:  append([]cli.Flag{&cli.BoolFlag{Name: "no-stdin", Usage: "only watch"}}, attachFlags()...),
		Action: func(ctx *cli.Context) error { return attachAction(ctx, std) },
	}
}

func attachAction(ctx *cli.Context, std streams) error {
	if ctx.NArg() != 1 {
		return &exit{code: 1, err: errors.New("attach wants the name or id of one container")}
	}
	state, err := findSwept(ctx, std, ctx.Args().First())
	if err != nil {
		return err
	}
	switch {
	case state.Status == container.Restarting:
		return fmt.Errorf("you cannot attach to a restarting container: wait until %s runs again", state.Name)
	case !state.Alive():
		return fmt.Errorf("you cannot attach to a stopped container, start it first: lab start %s", state.Name)
	case state.Status == container.Paused:
		return fmt.Errorf("you cannot attach to a paused container, unpause it first: lab unpause %s", state.Name)
	case state.Monitor == 0:
		return fmt.Errorf("container %s runs in the foreground of another lab with --rm, which has its output to itself: "+
			"start it with -d or -t, and it can be attached to", state.Name)
	}
	dir := store.Open(ctx.String("root")).Container(state.ID)
	spec, err := loadSpec(dir)
	if err != nil {
		return goneMeanwhile(dir, state, err)
	}
	settings, err := container.ReadSettings(dir)
	if err != nil {
		return goneMeanwhile(dir, state, err)
	}
	conn, err := monitor.Connect(dir)
	if err != nil {
		err = goneMeanwhile(dir, state, err)
	}
	if errors.Is(err, monitor.ErrNoMonitor) {
		return fmt.Errorf("container %s has lost its monitor, and with it the way to its terminal: `lab restart %s` gives it a new one", state.Name, state.Name)
	}
	if err != nil {
		return err
	}
	input := !ctx.Bool("no-stdin") && (settings.OpenStdin || spec.Process.Terminal)
	if ctx.Command.Name == "start" { // of a container that runs already
		input = input && ctx.Bool("interactive")
	}
	code, err := session{
		std: std, state: state, dir: dir, tty: spec.Process.Terminal, input: input,
		keys: ctx.String("detach-keys"), proxy: ctx.Bool("sig-proxy"),
	}.do(conn)
	if err == nil && code != 0 {
		err = &exit{code: code}
	}
	return err
}

// goneMeanwhile is err, unless the container has ended or was removed since its state was read.
func goneMeanwhile(dir string, state container.State, err error) error {
	switch now, gone := container.ReadState(dir); {
	case errors.Is(gone, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", errNoContainer, state.Name)
	case gone == nil && !now.Alive():
		return fmt.Errorf("container %s has just ended: nobody can attach to it any more", state.Name)
	}
	return err
}
