package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupListCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage:   " ",
		Description: "Those that were made by name, and those of the containers.\n\nEXAMPLE:\n   lab cgroup ls",
		Flags: andWatch(
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print names only"},
			&cli.BoolFlag{Name: "noheadings", Aliases: []string{"n"}, Usage: "print no headings"},
			jsonFlag("print one JSON object a line"),
		),
		Action: watched(std, func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			sweepStore(ctx, std)
			list, err := listGroups(ctx.String("root"))
			if err != nil {
				return err
			}
			return printGroups(ctx, std, list)
		}),
	}
}

// groupJSON is what is said of a group in a list.
type groupJSON struct {
	Name      string       `json:"name"`
	Path      string       `json:"path"`
	Container string       `json:"container,omitempty"`
	State     cgroup.State `json:"state,omitempty"`
	Processes []int        `json:"processes"`
	CPUs      float64      `json:"cpus,omitempty"`   // of the quota; 0 is none
	Memory    uint64       `json:"memory,omitempty"` // the limit; 0 is none
	PIDs      uint64       `json:"pids,omitempty"`   // the limit; 0 is none
}

func listGroups(root string) ([]groupJSON, error) {
	m, err := cgroup.Detect()
	if err != nil {
		return nil, err
	}
	parent := strings.TrimSuffix(groupPath(""), "/")
	paths, err := m.List(parent)
	if err != nil {
		return nil, err
	}
	states, _ := listStates(root)
	names := map[string]string{}
	for _, s := range states {
		names[s.ID] = s.Name
	}
	list := []groupJSON{}
	for _, path := range paths {
		g, err := m.Open(path)
		if err != nil {
			continue // removed meanwhile
		}
		about, err := describeGroup(g)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(about.Name, "/")
		about.Container = names[first]
		if about.Container == "" && isContainerID(first) {
			about.Container = short(first)
		}
		list = append(list, about)
	}
	return list, nil
}

func describeGroup(g *cgroup.Group) (groupJSON, error) {
	j := groupJSON{Name: shownAs(g.Path), Path: g.Path}
	pids, err := g.Procs()
	if err != nil {
		return j, err
	}
	j.Processes = append([]int{}, pids...)
	j.State, _ = g.State()
	st, err := g.Stats()
	if err != nil {
		return j, err
	}
	j.CPUs = quotaCPUs(g)
	if st.Memory.Limit != cgroup.Unlimited {
		j.Memory = st.Memory.Limit
	}
	if st.PIDs.Limit != cgroup.Unlimited {
		j.PIDs = st.PIDs.Limit
	}
	return j, nil
}

// quotaCPUs is the quota as a number of CPUs, 0 without one.
func quotaCPUs(g *cgroup.Group) float64 {
	var quota, period uint64
	for _, f := range g.Files() {
		n, ok := f.Number()
		switch {
		case !ok || n == cgroup.Unlimited:
		case f.Meaning == "cpu quota":
			quota = n
		case f.Meaning == "cpu period":
			period = n
		}
		if word := strings.Fields(f.Text); f.Meaning == "cpu period" && f.Version == 2 && len(word) == 2 {
			period, _ = strconv.ParseUint(word[1], 10, 64)
		}
	}
	if quota == 0 || period == 0 {
		return 0
	}
	return float64(quota) / float64(period)
}

func printGroups(ctx *cli.Context, std streams, list []groupJSON) error {
	t := &table{
		heads: []string{"NAME", "CONTAINER", "STATE", "PROCESSES", "CPUS", "MEMORY", "PIDS"},
		right: []bool{false, false, false, true, true, true, true},
	}
	for _, g := range list {
		switch {
		case ctx.Bool("json"):
			if err := printJSON(std.out, g); err != nil {
				return err
			}
			continue
		case ctx.Bool("quiet"):
			fmt.Fprintln(std.out, g.Name)
			continue
		}
		row := []string{g.Name, g.Container, string(g.State), strconv.Itoa(len(g.Processes)), "-", "-", "-"}
		if isContainerID(g.Name) {
			row[0] = short(g.Name)
		}
		if g.CPUs != 0 {
			row[4] = strconv.FormatFloat(g.CPUs, 'f', -1, 64)
		}
		if g.Memory != 0 {
			row[5] = units.BytesSize(float64(g.Memory))
		}
		if g.PIDs != 0 {
			row[6] = strconv.FormatUint(g.PIDs, 10)
		}
		t.rows = append(t.rows, row)
	}
	if !ctx.Bool("json") && !ctx.Bool("quiet") {
		return t.print(ctx, std)
	}
	return nil
}
