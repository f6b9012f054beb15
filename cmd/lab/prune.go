package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func pruneFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.StringSliceFlag{Name: "filter", Usage: "only what `KEY=VALUE` is true of: until=24h, label=KEY[=VALUE], label!=…"},
		&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "do not ask"})
}

// agreed asks whether to go on. Nobody there to answer is a no.
func agreed(ctx *cli.Context, std streams, warning string) (bool, error) {
	if ctx.Bool("force") {
		return true, nil
	}
	fmt.Fprintf(std.out, "WARNING! %s\nAre you sure you want to continue? [y/N] ", warning)
	answer, err := bufio.NewReader(std.in).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(std.out)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return false, err
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

// containerPruneCommand is `lab container prune`.
func containerPruneCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "prune", Usage: "remove all containers that do not run",
		Description: "EXAMPLE:\n   lab container prune -f --filter until=24h",
		Flags:       pruneFlags(),
		Action: func(ctx *cli.Context) error {
			if yes, err := agreed(ctx, std, "This will remove all stopped containers."); !yes {
				return err
			}
			f, err := parseFilters(ctx.StringSlice("filter"), "until", "label", "label!")
			if err != nil {
				return err
			}
			p := &pruning{std: std, root: ctx.String("root"), filters: f}
			return p.end(p.containers())
		},
	}
}

// imagePruneCommand is `lab image prune`.
func imagePruneCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "prune", Usage: "remove images that nobody needs",
		Description: "EXAMPLE:\n   lab image prune -a",
		Flags:       pruneFlags(&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all that no container has, not only those without a name"}),
		Action: func(ctx *cli.Context) error {
			warning := "This will remove all dangling images."
			if ctx.Bool("all") {
				warning = "This will remove all images without at least one container associated to them."
			}
			if yes, err := agreed(ctx, std, warning); !yes {
				return err
			}
			f, err := parseFilters(ctx.StringSlice("filter"), "until", "label", "label!", "dangling")
			if err != nil {
				return err
			}
			all := ctx.Bool("all")
			if dangling, given, err := f.boolean("dangling"); err != nil {
				return err
			} else if given {
				all = !dangling
			}
			p := &pruning{std: std, root: ctx.String("root"), filters: f}
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			return p.end(p.images(stop, all))
		},
	}
}

// pruning removes things and counts what that brings.
type pruning struct {
	std     streams
	root    string
	filters filters
	freed   int64 // bytes
}

func (p *pruning) end(err error) error {
	fmt.Fprintf(p.std.out, "Total reclaimed space: %s\n", sizeText(p.freed))
	return err
}

// containers removes those that do not run. One that somebody starts or removes at this moment is left to them.
func (p *pruning) containers() error {
	until, err := p.filters.until()
	if err != nil {
		return err
	}
	if err := sweep(p.root); err != nil {
		complain(p.std.err, err)
	}
	list, err := listContainers(p.root)
	if err != nil {
		return err
	}
	var failed []error
	head := "Deleted Containers:\n"
	for _, c := range list {
		switch c.phase {
		case container.Created, container.Exited, container.Dead:
		default:
			continue
		}
		if c.runsOn() {
			continue // system prune ends it
		}
		if !until.IsZero() && !c.Created.Before(until) || !p.filters.hasLabels(c.Labels) {
			continue
		}
		held := treeSize(filepath.Join(store.Open(p.root).Container(c.ID), "upper"))
		removed, err := p.remove(c)
		if err != nil {
			failed = append(failed, err)
		}
		if removed {
			fmt.Fprintf(p.std.out, "%s%s\n", head, c.ID)
			head = ""
			p.freed += held
		}
	}
	if head == "" {
		fmt.Fprintln(p.std.out)
	}
	return errors.Join(failed...)
}

// remove takes the container's ledger: who has it is about to start or remove the container.
func (p *pruning) remove(c listed) (bool, error) {
	s := store.Open(p.root)
	undo := []store.Undo{{Do: "container", Arg: s.Container(c.ID)}}
	if c.Name != "" {
		undo = append([]store.Undo{{Do: "name", Arg: c.Name + " " + c.ID}}, undo...)
	}
	ledger, err := own(s, c.State, store.Undo{Do: "layers", Arg: strings.Join(c.Layers, " ")}) // its monitor may still be putting it in order
	if errors.Is(err, errNoContainer) {
		return false, nil
	}
	if err != nil || ledger == nil {
		return false, err
	}
	state, err := container.ReadState(s.Container(c.ID))
	started := err == nil && (state.Alive() || state.Status != c.Status || !state.Started.Equal(c.Started))
	if errors.Is(err, fs.ErrNotExist) || started {
		ledger.Leave()
		return false, nil
	}
	if err := ledger.Add(undo...); err != nil {
		ledger.Leave()
		return false, err
	}
	if err := ledger.Undo(doers(s, nil)); err != nil {
		return false, err
	}
	tell(s, c.State, "destroy", nil)
	return true, nil
}

// images removes those that no container has: the nameless, or all.
func (p *pruning) images(ctx context.Context, all bool) error {
	images, err := image.Open(p.root)
	if err != nil {
		return err
	}
	until, err := p.filters.until()
	if err != nil {
		return err
	}
	list, err := images.List()
	if err != nil {
		return err
	}
	before := p.layers(images)
	head, failed := "Deleted Images:\n", []error(nil)
	opt := removeOptions(p.root, false)
	inUse := opt.InUse
	opt.InUse = func(id string) (string, bool) {
		if user, running := inUse(id); user != "" {
			return user, running
		}
		at := slices.IndexFunc(list, func(img *image.Image) bool { return img.ID == id })
		if at >= 0 && slices.Contains(store.Open(p.root).Pending("layers"), strings.Join(list[at].DiffIDs, " ")) {
			return "that is being made", true
		}
		return "", false
	}
	for _, img := range list {
		nameless := len(img.Names) == 0 && len(img.RepoDigests) == 0
		if !all && !nameless || !until.IsZero() && !img.Created.Before(until) || !p.filters.hasLabels(img.Config.Labels) {
			continue
		}
		if user, _ := opt.InUse(img.ID); user != "" {
			continue
		}
		removed, err := images.Discard(ctx, img.ID, opt)
		if err != nil && !errors.Is(err, image.ErrNotFound) && !errors.Is(err, image.ErrConflict) { // another prune's, or a container's by now
			failed = append(failed, err)
		}
		if removed == nil {
			continue
		}
		for _, n := range removed.Untagged {
			fmt.Fprintf(p.std.out, "%suntagged: %s\n", head, image.Familiar(n))
			head = ""
		}
		for _, d := range removed.Deleted {
			fmt.Fprintf(p.std.out, "%sdeleted: %s\n", head, d)
			head = ""
			p.freed += before[d]
		}
		noteRemoved(p.root, removed)
	}
	if head == "" {
		fmt.Fprintln(p.std.out)
	}
	return errors.Join(failed...)
}

// layers are the sizes of all layers, by diff id: afterwards they cannot be asked any more.
func (p *pruning) layers(images *image.Store) map[string]int64 {
	sizes := map[string]int64{}
	for _, l := range images.Layers() {
		sizes[l.DiffID] = l.Size + l.BlobSize
	}
	return sizes
}
