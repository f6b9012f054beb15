package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func startCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "start", Usage: "start containers that were created, or have ended", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: `A container keeps its layer, its settings and its log from one start to the next.
With -a or -i, ctrl-p ctrl-q leaves it running; ctrl-c three times in a row does where it has no terminal.

EXAMPLE:
   lab start -ai web`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "attach", Aliases: []string{"a"}, Usage: "print its output and take over its exit status"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "pass standard input on to it"},
		}, attachFlags()...),
		Action: func(ctx *cli.Context) error { return startAction(ctx, std) },
	}
}

func startAction(ctx *cli.Context, std streams) error {
	if name := ctx.Args().First(); ctx.NArg() == 1 && ctx.NumFlags() == 0 && isLab(ctx, name) {
		return courseStart(ctx, std, name)
	}
	if !ctx.Bool("attach") && !ctx.Bool("interactive") {
		return inTurns(ctx, std, 1, func(s container.State) error { // the starting thread is the parent of what it makes
			_, err := start(std, ctx.String("root"), s, false)
			return err
		})
	}
	if ctx.NArg() != 1 {
		return &exit{code: 1, err: errors.New("you cannot start and attach multiple containers at once")}
	}
	state, err := findSwept(ctx, std, ctx.Args().First())
	if err != nil {
		return err
	}
	if state.Alive() {
		return attachAction(ctx, std)
	}
	l, err := start(std, ctx.String("root"), state, true)
	if err != nil {
		return err
	}
	if l == nil { // somebody else was quicker
		return attachAction(ctx, std)
	}
	code, err := session{
		std: std, state: l.state, dir: l.store.Container(l.id), tty: l.c.Spec.Process.Terminal, input: ctx.Bool("interactive"), endInput: true,
		keys: ctx.String("detach-keys"), proxy: ctx.Bool("sig-proxy"),
	}.do(l.conn)
	if err == nil && code != 0 {
		err = &exit{code: code}
	}
	return err
}

// isLab says whether start means a lab of the course: a container with the name comes first.
func isLab(ctx *cli.Context, name string) bool {
	if _, err := findListed(ctx.String("root"), name); err == nil {
		return false
	}
	s, err := openCourse(ctx)
	if err != nil {
		return false
	}
	_, err = s.Load(name)
	return err == nil
}

// start starts a container that does not run. One that runs, or that its policy is about to start again, is left alone: nil without
// an error.
func start(std streams, root string, state container.State, attach bool) (*launch, error) {
	if unix.Geteuid() != 0 {
		return nil, errNotRoot
	}
	if state.Status == container.Dead {
		return nil, errors.New(state.Error)
	}
	if state.Status == container.Paused && state.Alive() {
		return nil, fmt.Errorf("cannot start a paused container, try unpause instead: lab unpause %s", state.Name)
	}
	if state.Alive() {
		return nil, nil
	}
	ledger, err := own(store.Open(root), state, undoOf(store.Open(root), state)...)
	if err != nil || ledger == nil {
		return nil, err
	}
	l, err := reload(std, root, state.ID)
	if err != nil {
		_ = ledger.Done()
		return nil, errIncomplete(err, state.Name)
	}
	l.ledger, l.attach = ledger, attach
	l.c.Shut = []int{ledger.Lock()}
	if err := l.missingLayers(); err != nil {
		_ = ledger.Done()
		return nil, err
	}
	if err := l.startBeside(); err != nil {
		return nil, l.couldNotStart(l.better(err))
	}
	return l, nil
}

// own takes the container's ledger, and waits for a moment where somebody has it: a monitor that puts things in order, or another
// command that starts the container. A container that runs meanwhile, or whose monitor waits for its next start, is left alone: nil
// without an error.
func own(s *store.Store, state container.State, undo ...store.Undo) (*store.Ledger, error) {
	for try := range 600 {
		ledger, err := s.Begin(state.ID, undo...)
		if err == nil {
			return ledger, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		now, err := container.ReadState(s.Container(state.ID))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s", errNoContainer, state.Name)
		}
		if err == nil && (now.Alive() || now.Status == container.Restarting) {
			return nil, nil
		}
		time.Sleep(min(time.Duration(try+1)*100*time.Microsecond, 10*time.Millisecond))
	}
	return nil, fmt.Errorf("container %s is busy: another lab command is at work on it; try again", state.Name)
}

// undoOf is what is to be undone when a container that is on disk already does not come to its end in the ordinary way.
func undoOf(s *store.Store, state container.State) []store.Undo {
	dir := s.Container(state.ID)
	undo := []store.Undo{{Do: "layers", Arg: strings.Join(state.Layers, " ")}, {Do: "settle", Arg: dir}, {Do: "cgroup", Arg: groupOf(state)}}
	if state.Remove {
		undo[1] = store.Undo{Do: "container", Arg: dir}
	}
	return append(undo, store.Undo{Do: "beside", Arg: dir})
}

func (l *launch) missingLayers() error {
	for _, dir := range l.c.Root.Lower {
		if unix.Access(dir, unix.F_OK) != nil {
			return fmt.Errorf("container %s cannot be started: a layer of its image %s is gone", l.state.Name, l.state.Image)
		}
	}
	return nil
}

// couldNotStart notes why, and leaves the container as it was.
func (l *launch) couldNotStart(err error) error {
	code, known := execStatus(err)
	if !known {
		code = 125
	}
	_, _ = container.ChangeState(l.store.Container(l.id), func(s *container.State) error {
		s.Ended(code, time.Now())
		s.Error = execSentence(err).Error()
		return nil
	})
	if done := l.ledger.Done(); done != nil {
		complain(l.std.err, done)
	}
	return fmt.Errorf("start container %s: %w", l.state.Name, execSentence(err))
}

// findSwept finds a container after the undoing of dead labs has been finished.
func findSwept(ctx *cli.Context, std streams, name string) (container.State, error) {
	if err := sweep(ctx.String("root")); err != nil {
		complain(std.err, err)
	}
	return findState(ctx.String("root"), name)
}
