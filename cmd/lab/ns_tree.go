package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

func nsTreeCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: " ",
		Description: `Processes that share all their namespaces stand together, below those from whose midst they were started. Of each
such crowd it says which namespaces are its own and which it shares, against the host's. lab's containers have their names.
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
	list, err := ns.Scan{Processes: by == "process"}.List()
	if err != nil {
		return err
	}
	defer mention(std, list)
	switch by {
	case "owner":
		return printRelatives(ctx, std, list.Tree(ns.ByOwner))
	case "parent":
		return printRelatives(ctx, std, list.Tree(ns.ByParent))
	}
	host := arrange(list.Crowds(), containerNames(ctx.String("root")))
	if host == nil {
		return fmt.Errorf("no process could be looked at")
	}
	if ctx.Bool("json") {
		return printJSON(std.out, host.toJSON())
	}
	host.print(std.out, "", "")
	return nil
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

// crowd is a crowd of the tree.
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

func (c *crowd) title(host bool) string {
	switch {
	case host:
		return "host"
	case c.container != "":
		return "container " + c.container
	}
	return fmt.Sprintf("process %d", c.PIDs[0])
}

// print draws the crowd behind the lines of those above it.
func (c *crowd) print(out io.Writer, first, rest string) {
	host := first == "" && rest == ""
	fmt.Fprintf(out, "%s%s: %s\n", first, c.title(host), c.members())
	bar := rest + "    "
	if len(c.below) > 0 {
		bar = rest + "│   "
	}
	if host {
		fmt.Fprintf(out, "%s%s\n", bar, c.numbers(ns.All))
	} else {
		if c.own != 0 {
			fmt.Fprintf(out, "%sits own: %s\n", bar, c.numbers(c.own))
		}
		for _, k := range ns.Kinds() {
			if with := c.shared[k.Name]; len(with) > 0 {
				fmt.Fprintf(out, "%sshared:  %s with that of process %s\n", bar, c.numbers(k.Flag), joinNumbers(with))
			}
		}
		if c.host != 0 {
			fmt.Fprintf(out, "%shost's:  %s\n", bar, strings.ReplaceAll(c.host.String(), ",", " "))
		}
	}
	for i, b := range c.below {
		if i == len(c.below)-1 {
			b.print(out, rest+"└── ", rest+"    ")
		} else {
			b.print(out, rest+"├── ", rest+"│   ")
		}
	}
}

func joinNumbers(pids []int) string {
	var words []string
	for _, pid := range pids {
		words = append(words, fmt.Sprint(pid))
	}
	return strings.Join(words, ", ")
}

// members names the first few processes.
func (c *crowd) members() string {
	const most = 3
	var names []string
	for i, p := range c.processes {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprintf("%d %.40s", p.PID, p.Command))
	}
	return counted(len(c.PIDs), "process", "processes") + " (" + strings.Join(names, ", ") + ")"
}

func (c *crowd) numbers(set ns.Set) string {
	var words []string
	for _, k := range set.Kinds() {
		if id := c.ID(k.Flag); id.Ino != 0 {
			words = append(words, fmt.Sprintf("%s %d", k.Name, id.Ino))
		}
	}
	return strings.Join(words, "  ")
}

type crowdJSON struct {
	Container  string            `json:"container,omitempty"`
	Processes  []processLine     `json:"processes"`
	Namespaces map[string]uint64 `json:"namespaces"`
	Own        []string          `json:"own"`
	Host       []string          `json:"host"`
	Shared     map[string][]int  `json:"shared,omitempty"`
	Below      []crowdJSON       `json:"below,omitempty"`
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

// printRelatives draws who owns whom.
func printRelatives(ctx *cli.Context, std streams, top []*ns.Node) error {
	users := userNames{}
	if ctx.Bool("json") {
		return printJSON(std.out, map[string]any{"namespaces": relativesJSON(top, users)})
	}
	for _, n := range top {
		printNode(std.out, n, "", "")
	}
	return nil
}

type relativeJSON struct {
	namespaceJSON
	Below []relativeJSON `json:"below,omitempty"`
}

func relativesJSON(list []*ns.Node, users userNames) []relativeJSON {
	var all []relativeJSON
	for _, n := range list {
		all = append(all, relativeJSON{toJSON(n.Namespace, users), relativesJSON(n.Below, users)})
	}
	return all
}

func printNode(out io.Writer, n *ns.Node, first, rest string) {
	who := heldBy(n.Namespace)
	if n.PID != 0 {
		who = fmt.Sprintf("%s, from %d %.60s", counted(n.Processes, "process", "processes"), n.PID, n.Command)
	}
	fmt.Fprintf(out, "%s%s %d: %s\n", first, n.Kind.Name, n.ID.Ino, who)
	for i, b := range n.Below {
		if i == len(n.Below)-1 {
			printNode(out, b, rest+"└── ", rest+"    ")
		} else {
			printNode(out, b, rest+"├── ", rest+"│   ")
		}
	}
}
