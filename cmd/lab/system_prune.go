package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/event"
	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
)

// systemPruneCommand is `lab system prune`.
func systemPruneCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "prune", Usage: "remove what nobody needs, and clean up after killed labs",
		Description: `First finishes what dead labs left half done: control groups, directories, names, half a download.

EXAMPLE:
   lab system prune -a -f`,
		Flags: pruneFlags(
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "all images that no container has, not only those without a name"},
			&cli.BoolFlag{Name: "volumes", Usage: "volumes without a name that no container has too"}),
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			if yes, err := agreed(ctx, std, pruneWarning(ctx)); !yes {
				return err
			}
			f, err := parseFilters(ctx.StringSlice("filter"), "until", "label", "label!")
			if err != nil {
				return err
			}
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			p := &pruning{std: std, root: ctx.String("root"), filters: f}
			return p.end(errors.Join(p.crashed(), p.containers(), p.images(stop, ctx.Bool("all")), p.leftovers(stop)))
		},
	}
}

func pruneWarning(ctx *cli.Context) string {
	list := []string{"all stopped containers"}
	if ctx.Bool("volumes") {
		list = append(list, "all anonymous volumes not used by at least one container")
	}
	if ctx.Bool("all") {
		list = append(list, "all images without at least one container associated to them")
	} else {
		list = append(list, "all dangling images")
	}
	return "This will remove:\n  - " + strings.Join(append(list, "what labs left that were killed", "containers whose record is lost, those that run too"), "\n  - ") + "\n"
}

// crashed finishes what the ledgers of dead labs name, and then looks through the store's own directories for what no ledger names any more: a
// ledger is a file too, and may have been lost. It looks nowhere else; control groups are asked for by the ids that are in the store.
func (p *pruning) crashed() error {
	s := store.Open(p.root)
	if _, err := os.Stat(s.Path("containers")); err != nil {
		return nil
	}
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	swept, err := s.Sweep(doers(s, m))
	head := "Cleaned up after:\n"
	say := func(what, id string) {
		fmt.Fprintf(p.std.out, "%s%s %s\n", head, what, id)
		head = ""
	}
	for _, id := range swept {
		say("container", id)
	}
	errs := []error{err, p.lost(say), p.directories(s, m, say), p.names(s, say)}
	if head == "" {
		fmt.Fprintln(p.std.out)
	}
	return errors.Join(errs...)
}

// lost ends and removes the containers that run without a record: nobody can use them any more.
func (p *pruning) lost(say func(what, id string)) error {
	list, err := listContainers(p.root)
	failed := []error{err}
	for _, c := range list {
		if !c.runsOn() {
			continue
		}
		held := treeSize(filepath.Join(store.Open(p.root).Container(c.ID), "upper"))
		if err := removeLost(p.root, c.State); err != nil {
			failed = append(failed, err)
			continue
		}
		p.freed += held
		say("container", c.ID)
	}
	return errors.Join(failed...)
}

// directories takes away those of containers without a record, and the groups of containers that do not run.
func (p *pruning) directories(s *store.Store, m *cgroup.Machine, say func(what, id string)) error {
	entries, err := os.ReadDir(s.Path("containers"))
	if err != nil {
		return fmt.Errorf("list the containers: %w", err)
	}
	var failed []error
	for _, e := range entries {
		id := e.Name()
		_, noRecord := os.Stat(s.Path("containers", id, "state.json"))
		noRecord = onlyMissing(noRecord)
		group, noGroup := m.Open(groupPath(id))
		if noRecord == nil && noGroup != nil {
			continue
		}
		ledger, err := s.Begin(id) // nobody else is at work on it
		if err != nil {
			if !errors.Is(err, fs.ErrExist) {
				failed = append(failed, err)
			}
			continue
		}
		if c := readListed(s, id); c.ID != "" && c.Alive() { // its lab was killed and it lives on: not ours to end
			ledger.Leave() // it may be the one that its lab has left
			continue
		}
		if noGroup == nil {
			if err := group.Delete(); err != nil {
				failed = append(failed, err)
				ledger.Leave() // without its directory nobody would look for the group again
				continue
			}
			say("group", groupPath(id))
		}
		if _, err := os.Stat(s.Path("containers", id, "state.json")); errors.Is(err, fs.ErrNotExist) {
			p.freed += treeSize(s.Container(id))
			if err := s.Remove(s.Container(id)); err != nil {
				failed = append(failed, err)
			} else {
				say("directory", id)
			}
		}
		failed = append(failed, ledger.Undo(doers(s, m))) // it may be an old one, which names more
	}
	return errors.Join(failed...)
}

func onlyMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// names takes away those of containers that are gone.
func (p *pruning) names(s *store.Store, say func(what, id string)) error {
	entries, _ := os.ReadDir(s.Path("names"))
	var failed []error
	for _, e := range entries {
		id, err := os.Readlink(s.Path("names", e.Name()))
		if err != nil || id == "" || strings.Contains(id, "/") || isThere(s.Container(id)) {
			continue
		}
		ledger, err := s.Begin(id) // a container that is being made has its name before its directory
		if err != nil {
			continue
		}
		if !isThere(s.Container(id)) {
			failed = append(failed, s.Release(e.Name(), id))
			say("name", e.Name())
		}
		failed = append(failed, ledger.Undo(doers(s, nil)))
	}
	return errors.Join(failed...)
}

// leftovers are layers and blobs of no image, and what was being downloaded or unpacked when its lab died.
func (p *pruning) leftovers(ctx context.Context) error {
	images, err := image.Open(p.root)
	if err != nil {
		return err
	}
	before := p.layers(images)
	gone, err := images.Sweep(ctx, keepLayer(p.root))
	for _, id := range gone {
		p.freed += before[id]
		fmt.Fprintf(p.std.out, "deleted: %s\n", id)
	}
	if p.freed > 0 {
		event.Write(p.root, event.Event{Type: "daemon", Action: "prune", Attributes: map[string]string{"reclaimed": fmt.Sprint(p.freed)}})
	}
	return err
}
