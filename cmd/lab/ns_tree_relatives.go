package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

// printRelatives draws who owns whom. names are the containers by their first process.
func printRelatives(ctx *cli.Context, std streams, top []*ns.Node, names map[int]string) error {
	if ctx.Bool("json") {
		return printJSON(std.out, map[string]any{"namespaces": relativesJSON(top, userNames{}, names)})
	}
	d := &drawing{width: terminalWidth(std.out)}
	for _, n := range top {
		d.node(n, names, "", "")
	}
	_, err := io.WriteString(std.out, d.String())
	return err
}

type relativeJSON struct {
	namespaceJSON
	Container string         `json:"container,omitempty"`
	Below     []relativeJSON `json:"below,omitempty"`
}

func relativesJSON(list []*ns.Node, users userNames, names map[int]string) []relativeJSON {
	var all []relativeJSON
	for _, n := range list {
		all = append(all, relativeJSON{toJSON(n.Namespace, users), names[n.PID], relativesJSON(n.Below, users, names)})
	}
	return all
}

// node draws one namespace, and those below it.
func (d *drawing) node(n *ns.Node, names map[int]string, first, rest string) {
	who := heldBy(n.Namespace)
	if n.PID != 0 {
		who = fmt.Sprintf("%s, from %d %.60s", counted(n.Processes, "process", "processes"), n.PID, n.Command)
		if name := names[n.PID]; name != "" {
			who = "container " + name + ", " + who
		}
	}
	d.line(fmt.Sprintf("%s%s %d: %s", first, n.Kind.Name, n.ID.Ino, who))
	for i, b := range n.Below {
		if i == len(n.Below)-1 {
			d.node(b, names, rest+"└── ", rest+"    ")
		} else {
			d.node(b, names, rest+"├── ", rest+"│   ")
		}
	}
}
