package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/container"
)

func psCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "ps", Usage: "list containers",
		Description: `Filters: ` + strings.Join(psFilterKeys, ", ") + `.

EXAMPLE:
   lab ps -a --filter status=exited --format '{{.Names}}: {{.Status}}'`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those that have ended too"},
			filterFlag(),
			&cli.BoolFlag{Name: "latest", Aliases: []string{"l"}, Usage: "only the youngest one, whatever its state"},
			&cli.IntFlag{Name: "last", Aliases: []string{"n"}, Usage: "only the youngest `N`, whatever their state", Value: -1},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print all in full"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only"},
			&cli.BoolFlag{Name: "size", Aliases: []string{"s"}, Usage: "how much each has written"},
		}, formatFlags()...),
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			if err := sweep(ctx.String("root")); err != nil {
				complain(std.err, err)
			}
			rows, err := psRows(ctx)
			if err != nil {
				return err
			}
			return psListing(ctx).print(std.out, formatOf(ctx), ctx.Bool("quiet"), rows)
		},
	}
}

// psRow is a container in the list.
type psRow struct {
	listed
	size, virtual int64 // bytes that it wrote, and with its image; -1: nobody asked
	about         *psAbout
}

// psAbout is what its other files say, read when it is asked for.
type psAbout struct {
	root, id string
	read     bool
	mounts   []specs.Mount
	network  string
}

func (a *psAbout) look() *psAbout {
	if a.read {
		return a
	}
	a.read = true
	if spec, err := readSpec(a.root, a.id); err == nil {
		a.mounts = ownMounts(spec)
	}
	a.network = networkOf(a.root, a.id)
	return a
}

// psRows are the containers that the flags ask for, the youngest first.
func psRows(ctx *cli.Context) ([]psRow, error) {
	root := ctx.String("root")
	list, err := listContainers(root)
	if err != nil {
		return nil, err
	}
	fits, err := psFilters(root, list, ctx.StringSlice("filter"))
	if err != nil {
		return nil, err
	}
	last := ctx.Int("last")
	if ctx.Bool("latest") {
		last = 1
	}
	anyState := ctx.Bool("all") || last >= 0 || fits.anyState
	rows := make([]psRow, 0, len(list))
	for _, c := range list {
		if last >= 0 && len(rows) == last {
			break
		}
		if (anyState || c.phase == container.Running || c.phase == container.Paused || c.phase == container.Restarting || c.runsOn()) && fits.match(c) {
			rows = append(rows, psRow{listed: c, size: -1, about: &psAbout{root: root, id: c.ID}})
		}
	}
	if ctx.Bool("size") || strings.Contains(formatOf(ctx), ".Size") {
		measure(root, rows)
	}
	return rows, nil
}

func psListing(ctx *cli.Context) listing[psRow] {
	full := ctx.Bool("no-trunc")
	l := listing[psRow]{
		table: []string{"ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"}, quiet: "ID",
		labels: func(r psRow) map[string]string { return r.Labels },
		fields: []field[psRow]{
			{"ID", "CONTAINER ID", func(r psRow) string {
				if full {
					return r.ID
				}
				return short(r.ID)
			}},
			{"Image", "IMAGE", func(r psRow) string { return r.Image }},
			{"Command", "COMMAND", func(r psRow) string { return psCommandLine(r.Command, full) }},
			{"CreatedAt", "CREATED AT", func(r psRow) string { return createdAt(r.Created) }},
			{"RunningFor", "CREATED", func(r psRow) string { return ago(r.Created) }},
			{"Ports", "PORTS", func(psRow) string { return "" }},
			{"State", "STATE", func(r psRow) string { return string(r.phase) }},
			{"Status", "STATUS", func(r psRow) string { return status(r.listed) }},
			{"Size", "SIZE", psRow.sizes},
			{"Names", "NAMES", func(r psRow) string { return r.Name }},
			{"Labels", "LABELS", func(r psRow) string { return labelText(r.Labels) }},
			{"Mounts", "MOUNTS", func(r psRow) string { return r.about.look().mountNames(full) }},
			{"LocalVolumes", "LOCAL VOLUMES", func(r psRow) string { return fmt.Sprint(r.about.look().localVolumes()) }},
			{"Networks", "NETWORKS", func(r psRow) string { return r.about.look().network }},
		},
	}
	if ctx.Bool("size") {
		l.table = append(l.table, "Size")
	}
	return l
}

func psCommandLine(command []string, full bool) string {
	text := strings.Join(command, " ")
	if r := []rune(text); !full && len(r) > 20 {
		text = string(r[:19]) + "…"
	}
	return `"` + printable(text) + `"`
}

func (r psRow) sizes() string {
	if r.size < 0 {
		return "0B"
	}
	return fmt.Sprintf("%s (virtual %s)", sizeText(r.size), sizeText(r.virtual))
}

func sizeText(n int64) string { return units.HumanSizeWithPrecision(float64(n), 3) }

func createdAt(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -0700 MST") }

func labelText(labels map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		list = append(list, key+"="+labels[key])
	}
	return strings.Join(list, ",")
}

// status says in words where a container is in its life.
func status(c listed) string {
	switch c.phase {
	case container.Running:
		return "Up " + units.HumanDuration(time.Since(c.Started))
	case container.Paused:
		return "Up " + units.HumanDuration(time.Since(c.Started)) + " (Paused)"
	case container.Restarting:
		return fmt.Sprintf("Restarting (%d) %s", c.ExitCode, ago(c.Finished))
	case container.Removing:
		return "Removal In Progress"
	case container.Exited:
		if c.Finished.IsZero() {
			return fmt.Sprintf("Exited (%d)", c.ExitCode)
		}
		return fmt.Sprintf("Exited (%d) %s", c.ExitCode, ago(c.Finished))
	case container.Dead:
		if c.runsOn() {
			return "Up " + units.HumanDuration(time.Since(c.Started)) + " (Record Lost)"
		}
		return "Dead"
	}
	return "Created"
}

func (a *psAbout) mountNames(full bool) string {
	var list []string
	for _, m := range a.mounts {
		name := m.Source
		if r := []rune(name); !full && len(r) > 15 {
			name = string(r[:14]) + "…"
		}
		list = append(list, name)
	}
	return strings.Join(list, ",")
}

func (a *psAbout) localVolumes() int {
	n := 0
	for _, m := range a.mounts {
		if inside, err := filepath.Rel(filepath.Join(a.root, "volumes"), m.Source); err == nil && filepath.IsLocal(inside) {
			n++
		}
	}
	return n
}

func networkOf(root, id string) string {
	settings, err := readSettings(root, id)
	if err != nil || settings.Network == "" {
		return "none"
	}
	return settings.Network
}
