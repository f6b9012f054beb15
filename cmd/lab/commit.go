package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func commitCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "commit", Usage: "make an image of what a container changed", ArgsUsage: "CONTAINER [NAME[:TAG]]",
		Description: `The image has the layers of the container's image and one more: what is in its upper directory. A container
that runs is paused meanwhile.

EXAMPLE:
   lab commit -m "with vim" -c 'CMD ["vim"]' web mine:2`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "author", Aliases: []string{"a"}, Usage: "note who made it: `'NAME <MAIL>'`"},
			&cli.StringSliceFlag{Name: "change", Aliases: []string{"c"}, Usage: "set the image's configuration with a Dockerfile `LINE`: CMD, ENV, USER …"},
			&cli.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "note `TEXT` in its history"},
			&cli.BoolFlag{Name: "pause", Aliases: []string{"p"}, Usage: "pause the container meanwhile; --pause=false does not", Value: true},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() < 1 || ctx.NArg() > 2 {
				return wants(ctx, "a container, and perhaps a name for the image")
			}
			img, err := commit(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintln(std.out, img.ID)
			return nil
		},
	}
}

func commit(ctx *cli.Context) (*image.Image, error) {
	root := ctx.String("root")
	if err := sweep(root); err != nil {
		return nil, err
	}
	state, err := findState(root, ctx.Args().First())
	if err != nil {
		return nil, err
	}
	images, err := image.Open(root)
	if err != nil {
		return nil, err
	}
	e := examineContainer(root, listedNow(store.Open(root), state))
	cfg, err := e.imageConfig(images, ctx.String("author"), ctx.String("message"), ctx.StringSlice("change"))
	if err != nil {
		return nil, err
	}
	stop, cancel := interruptible(ctx.Context)
	defer cancel()
	resume, err := e.hold(ctx.Bool("pause"))
	if err != nil {
		return nil, err
	}
	img, err := images.Add(stop, ctx.Args().Get(1), cfg, e.layers(stop))
	if err = errors.Join(err, resume()); err != nil {
		return nil, fmt.Errorf("commit container %s: %w", e.Name, fullDisk(err, root))
	}
	tell(store.Open(root), e.State, "commit", map[string]string{"comment": ctx.String("message"), "imageID": img.ID, "imageRef": ctx.Args().Get(1)})
	return img, nil
}

// layers are the image's, which the store has, and the container's own.
func (e *examined) layers(ctx context.Context) []image.LayerSource {
	var list []image.LayerSource
	for _, id := range e.Layers {
		list = append(list, image.LayerSource{DiffID: id})
	}
	return append(list, image.LayerSource{Open: func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(e.ownLayer(ctx, w)) }()
		return r, nil
	}})
}

// hold keeps the container still while its layer is read. Its own lock makes one commit wait for another of the same container, which would
// otherwise let it go on in the middle. Should lab be killed, the next lab command that sees the container lets it go on.
func (e *examined) hold(pause bool) (resume func() error, err error) {
	lock, err := lockDirectory(e.dir + "/upper")
	if errors.Is(err, unix.ENOENT) { // it was never started
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, fmt.Errorf("hold container %s: %w", e.Name, err)
	}
	release := func() error { return lock.Close() }
	if !pause {
		return release, nil
	}
	state, err := container.ReadState(e.dir)
	state = awake(store.Open(e.root), state) // the one before us may have been killed
	if err != nil || !state.Alive() || state.Status == container.Paused {
		return release, nil
	}
	if err := pauseContainer(e.root, state, true); err != nil {
		if state, again := container.ReadState(e.dir); again != nil || !state.Alive() || state.Status == container.Paused {
			return release, nil // it ended, or somebody else paused it
		}
		_ = lock.Close()
		return nil, err
	}
	return func() error {
		defer lock.Close()
		state, err := container.ReadState(e.dir)
		held := stillHeldBy(container.Myself())
		if err != nil || held(state) != nil {
			return nil // killed, or let go by somebody else
		}
		return unpauseWhere(e.root, state, held)
	}, nil
}

// imageConfig is the configuration of the new image: the old one's, with what the container was started with.
func (e *examined) imageConfig(images *image.Store, author, message string, changes []string) (image.ConfigFile, error) {
	cfg := image.ConfigFile{Architecture: runtime.GOARCH, OS: "linux"}
	if e.image != nil {
		old, err := images.ConfigFile(e.image)
		if err != nil {
			return cfg, err
		}
		cfg = *old
	}
	created := image.Time{Time: time.Now().UTC()}
	cfg.Created, cfg.Author, cfg.Container = created, author, e.ID
	for len(cfg.History) == 0 && len(e.Layers) > 0 { // an image that tells nothing: one step for each layer
		cfg.History = make([]image.History, len(e.Layers))
	}
	cfg.History = append(slices.Clip(cfg.History), image.History{Created: created, Author: author, Comment: message, CreatedBy: strings.Join(e.Command, " ")})

	started, c := e.config(), &cfg.Config
	c.Env, c.WorkingDir, c.Labels, c.User = started.Env, started.WorkingDir, started.Labels, started.User
	if e.settings.Entrypoint != nil || e.settings.Cmd != nil {
		c.Entrypoint, c.Cmd = started.Entrypoint, started.Cmd
	} else if len(e.Command) > 0 && !slices.Equal(e.Command, slices.Concat(c.Entrypoint, c.Cmd)) {
		c.Entrypoint, c.Cmd = nil, e.Command
	}
	if e.settings.StopSignal != "" {
		c.StopSignal = e.settings.StopSignal
	}
	for _, line := range changes {
		if err := image.Change(c, line); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// fullDisk says which disk it is that is full.
func fullDisk(err error, dir string) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("the disk of %s is full: %w", dir, unix.ENOSPC)
	}
	return err
}
