package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

func nsTreeCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: " ",
		Description: `Processes that share all their namespaces stand together, below those from whose midst they were started. Of each
such crowd it says which namespaces are its own and which it shares, against the host's. lab's containers have their names.
Namespaces that no process is in come last, with what keeps them: a mount, an open file, a thread.
With --by owner the namespaces hang below the user namespace that has rights over them, with --by parent below the
user or PID namespace that they were made in.

EXAMPLE:
   lab ns unshare -n sleep 60 &
   lab ns tree`,
		Flags: andWatch(
			&cli.StringFlag{Name: "by", Usage: "process, owner or parent (`WHAT`)", Value: "process"},
			jsonFlag("print one JSON object"),
		),
		Action: watched(std, func(ctx *cli.Context) error { return treeAction(ctx, std) }),
	}
}

func treeAction(ctx *cli.Context, std streams) error {
	if ctx.NArg() > 0 {
		return wants(ctx, "no arguments")
	}
	by := ctx.String("by")
	if !slices.Contains([]string{"process", "owner", "parent"}, by) {
		return usage("invalid --by %q: want process, owner or parent", by)
	}
	list, err := ns.List()
	if err != nil {
		return err
	}
	defer mention(std, list)
	names := containerNames(ctx.String("root"))
	switch by {
	case "owner":
		return printRelatives(ctx, std, list.Tree(ns.ByOwner), names)
	case "parent":
		return printRelatives(ctx, std, list.Tree(ns.ByParent), names)
	}
	host := arrange(list.Crowds(), names)
	if host == nil {
		return fmt.Errorf("no process could be looked at")
	}
	empty := slices.DeleteFunc(slices.Clone(list.Namespaces), func(n *ns.Namespace) bool { return n.Processes > 0 })
	if ctx.Bool("json") {
		j := host.toJSON()
		for _, n := range empty {
			j.Empty = append(j.Empty, toJSON(n, userNames{}))
		}
		return printJSON(std.out, j)
	}
	d := &drawing{width: terminalWidth(std.out)}
	d.crowd(host, "", "")
	if len(empty) > 0 {
		d.line("no process is in:")
	}
	for _, n := range empty {
		d.line(fmt.Sprintf("    %s %d: %s", n.Kind.Name, n.ID.Ino, heldBy(n)))
	}
	_, err = io.WriteString(std.out, d.String())
	return err
}

// containerNames says of which process lab knows that it is PID 1 of a container.
func containerNames(root string) map[int]string {
	names := map[int]string{}
	states, _ := listStates(root)
	for _, s := range states {
		if s.Alive() {
			names[s.PID] = s.Name
		}
	}
	return names
}

// crowd is processes that share all their namespaces, in their place in the tree.
type crowd struct {
	ns.Crowd
	container string
	processes []processLine
	own       ns.Set           // namespaces that nobody else is in
	host      ns.Set           // those that are the host's
	shared    map[string][]int // others: the kind, and the first process of each crowd that is in it too
	below     []*crowd
}

// arrange hangs each crowd below that of the process which started its first one. The host's is at the top: that of PID 1, or
// lab's own where PID 1 may not be looked at.
func arrange(list []ns.Crowd, containers map[int]string) *crowd {
	crowds := make([]*crowd, len(list))
	of := map[int]*crowd{}
	for i, c := range list {
		crowds[i] = &crowd{Crowd: c, shared: map[string][]int{}}
		for _, pid := range c.PIDs {
			of[pid] = crowds[i]
			if name := containers[pid]; name != "" {
				crowds[i].container = name
			}
			if p, ok := lookAt(pid, nil); ok {
				crowds[i].processes = append(crowds[i].processes, p)
			}
		}
	}
	host := of[1]
	if host == nil {
		host = of[os.Getpid()]
	}
	if host == nil {
		return nil
	}
	for _, c := range crowds {
		c.compare(host, crowds)
		if c != host && len(c.processes) > 0 {
			above := of[c.processes[0].PPID]
			if above == nil || above == c || above.isBelow(c) {
				above = host
			}
			above.below = append(above.below, c)
		}
	}
	return host
}

func (c *crowd) isBelow(other *crowd) bool {
	return slices.ContainsFunc(other.below, func(b *crowd) bool { return b == c || c.isBelow(b) })
}

// compare says of each namespace whose it is.
func (c *crowd) compare(host *crowd, all []*crowd) {
	c.host = ns.All &^ c.Differs(host.Crowd)
	for _, k := range (ns.All &^ c.host).Kinds() {
		var others []int
		for _, o := range all {
			if o != c && o.ID(k.Flag) == c.ID(k.Flag) {
				others = append(others, o.PIDs[0])
			}
		}
		if len(others) == 0 {
			c.own |= k.Flag
		} else {
			c.shared[k.Name] = others
		}
	}
}

type crowdJSON struct {
	Container  string            `json:"container,omitempty"`
	Processes  []processLine     `json:"processes"`
	Namespaces map[string]uint64 `json:"namespaces"`
	Own        []string          `json:"own"`
	Host       []string          `json:"host"`
	Shared     map[string][]int  `json:"shared,omitempty"`
	Below      []crowdJSON       `json:"below,omitempty"`
	Empty      []namespaceJSON   `json:"no_process,omitempty"` // only in the first: the namespaces that no process is in
}

func (c *crowd) toJSON() crowdJSON {
	j := crowdJSON{Container: c.container, Processes: c.processes, Namespaces: map[string]uint64{}, Own: kindWords(c.own), Host: kindWords(c.host), Shared: c.shared}
	for _, k := range ns.Kinds() {
		j.Namespaces[k.Name] = c.ID(k.Flag).Ino
	}
	for _, b := range c.below {
		j.Below = append(j.Below, b.toJSON())
	}
	return j
}

func kindWords(set ns.Set) []string {
	list := []string{}
	for _, k := range set.Kinds() {
		list = append(list, k.Name)
	}
	return list
}
