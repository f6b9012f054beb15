package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// listStates reads the records of all containers, youngest first.
func listStates(root string) ([]container.State, error) {
	s := store.Open(root)
	entries, err := os.ReadDir(s.Path("containers"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	var list []container.State
	for _, e := range entries {
		state, err := container.ReadState(s.Container(e.Name()))
		if err != nil {
			continue // being made, or being removed
		}
		list = append(list, state)
	}
	slices.SortFunc(list, func(a, b container.State) int { return b.Created.Compare(a.Created) })
	return list, nil
}

// findState finds a container by name, id, or the beginning of an id.
func findState(root, name string) (container.State, error) {
	list, err := listStates(root)
	if err != nil {
		return container.State{}, err
	}
	var found []container.State
	for _, s := range list {
		if s.Name == name || s.ID == name {
			return s, nil
		}
		if strings.HasPrefix(s.ID, name) && name != "" {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return container.State{}, fmt.Errorf("%w: %s", errNoContainer, name)
	case 1:
		return found[0], nil
	}
	return container.State{}, fmt.Errorf("the id %s fits %d containers: give more of its digits", name, len(found))
}

var errNoContainer = errors.New("no such container")

// usedBy says which container needs an image.
func usedBy(states []container.State) func(imageID string) (string, bool) {
	return func(imageID string) (name string, running bool) {
		for _, s := range states {
			if s.ImageID == imageID {
				name, running = short(s.ID), running || s.Alive()
			}
		}
		return name, running
	}
}

// keepLayer says whether a container stands on a layer, one that is being made included. It looks when it is asked: by then
// the image has no name any more, so no new container comes.
func keepLayer(root string) func(diffID string) bool {
	return func(diffID string) bool {
		for _, layers := range store.Open(root).Pending("layers") {
			if slices.Contains(strings.Fields(layers), diffID) {
				return true
			}
		}
		states, _ := listStates(root)
		return slices.ContainsFunc(states, func(s container.State) bool { return slices.Contains(s.Layers, diffID) })
	}
}

func psCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "ps", Usage: "list containers",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those that have ended too"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print all in full"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
		},
		Action: func(ctx *cli.Context) error {
			if err := sweep(ctx.String("root")); err != nil {
				complain(std.err, err)
			}
			list, err := listStates(ctx.String("root"))
			if err != nil {
				return err
			}
			if !ctx.Bool("all") {
				list = slices.DeleteFunc(list, func(s container.State) bool { return !s.Alive() })
			}
			return printStates(ctx, std.out, list)
		},
	}
}

func printStates(ctx *cli.Context, out io.Writer, list []container.State) error {
	w := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
	if !ctx.Bool("quiet") && !ctx.Bool("json") {
		fmt.Fprintln(w, "CONTAINER ID\tIMAGE\tCOMMAND\tCREATED\tSTATUS\tNAMES")
	}
	for _, s := range list {
		id, command := short(s.ID), strings.Join(s.Command, " ")
		if ctx.Bool("no-trunc") {
			id = s.ID
		} else if r := []rune(command); len(r) > 20 {
			command = string(r[:19]) + "…"
		}
		switch {
		case ctx.Bool("json"):
			_ = json.NewEncoder(w).Encode(s)
		case ctx.Bool("quiet"):
			fmt.Fprintln(w, id)
		default:
			fmt.Fprintf(w, "%s\t%s\t%q\t%s\t%s\t%s\n", id, s.Image, command, ago(s.Created), status(s), s.Name)
		}
	}
	return w.Flush()
}

func status(s container.State) string {
	switch {
	case s.Alive():
		return "Up " + units.HumanDuration(time.Since(s.Started))
	case s.Status == container.Exited:
		return fmt.Sprintf("Exited (%d) %s", s.ExitCode, ago(s.Finished))
	}
	return "Created"
}

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

// inspect finds out what a name belongs to: a container first, then an image, as docker inspect does.
func inspect(root, name string) (any, error) {
	state, err := findState(root, name)
	if err == nil {
		return inspectContainer(root, state), nil
	}
	if !errors.Is(err, errNoContainer) {
		return nil, err
	}
	about, err := inspectImage(root, name)
	if err != nil {
		return nil, fmt.Errorf("no such object: %s", name)
	}
	return about, nil
}

func inspectContainer(root string, s container.State) any {
	dir := store.Open(root).Container(s.ID)
	return map[string]any{
		"Id": s.ID, "Name": "/" + s.Name, "Image": s.ImageID, "Created": s.Created, "Path": s.Command[0], "Args": s.Command[1:],
		"State":       map[string]any{"Status": s.Status, "Running": s.Alive(), "Pid": s.PID, "ExitCode": s.ExitCode, "Error": s.Error, "StartedAt": s.Started, "FinishedAt": s.Finished},
		"Config":      map[string]any{"Image": s.Image, "Labels": s.Labels, "Cmd": s.Command},
		"Bundle":      dir,
		"GraphDriver": map[string]any{"Name": "overlay", "Data": map[string]string{"UpperDir": dir + "/upper", "WorkDir": dir + "/work"}},
	}
}
