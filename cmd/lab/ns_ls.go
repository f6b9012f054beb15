package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/ns"
)

func nsListCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[NUMBER]",
		Description: `As lsns(8), and those too that no process is in: kept by a mount, an open file, a thread, or a namespace below.
With NUMBER, the processes that are in that namespace.

EXAMPLE:
   lab ns ls -t net
   lab ns ls -p $$ --json`,
		Flags: andWatch(
			&cli.StringSliceFlag{Name: "type", Aliases: []string{"t"}, Usage: "only this `KIND`: " + strings.ReplaceAll(ns.All.String(), ",", ", ")},
			&cli.StringFlag{Name: "task", Aliases: []string{"p"}, Usage: "only those that this process is in, or a container (`PID|NAME`)"},
			&cli.BoolFlag{Name: "noheadings", Aliases: []string{"n"}, Usage: "print no headings"},
			&cli.BoolFlag{Name: "notruncate", Aliases: []string{"u"}, Usage: "print commands in full"},
			&cli.BoolFlag{Name: "json", Aliases: []string{"J"}, Usage: "print one JSON object, with the fields of lsns --json and more"},
		),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) > 1 {
				return wants(ctx, "at most one namespace's number")
			}
			list, err := namespaces(ctx)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return printMembers(ctx, std, list, args[0])
			}
			return printNamespaces(ctx, std, list)
		}),
	}
}

// namespaces lists what the flags ask for.
func namespaces(ctx *cli.Context) (*ns.Listing, error) {
	var scan ns.Scan
	for _, name := range ctx.StringSlice("type") {
		kind, err := ns.Parse(name)
		if err != nil {
			return nil, usage("%w", err)
		}
		scan.Kinds |= kind
	}
	list, err := scan.List()
	if err != nil || !ctx.IsSet("task") {
		return list, err
	}
	pid, err := processNamed(ctx.String("root"), ctx.String("task"))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list.Processes, func(p ns.Process) bool { return p.PID == pid })
	if i < 0 {
		return nil, fmt.Errorf("look at process %d: %w", pid, whyNot(pid))
	}
	list.Namespaces = slices.DeleteFunc(list.Namespaces, func(n *ns.Namespace) bool {
		return list.Processes[i].ID(n.Kind.Flag) != n.ID
	})
	return list, nil
}

// whyNot says why a process is not in a listing.
func whyNot(pid int) error {
	if _, err := ns.Of(pid, ns.UTS); err != nil {
		for _, e := range [...]error{unix.EACCES, unix.EPERM, unix.ENOENT} {
			if strings.HasSuffix(err.Error(), e.Error()) {
				return e
			}
		}
	}
	return unix.ESRCH
}

// namespaceJSON has the fields of lsns --json first.
type namespaceJSON struct {
	NS      uint64       `json:"ns"`
	Type    string       `json:"type"`
	NProcs  int          `json:"nprocs"`
	PID     int          `json:"pid,omitempty"`
	User    string       `json:"user,omitempty"`
	Command string       `json:"command,omitempty"`
	UID     *uint32      `json:"uid,omitempty"`
	Owner   uint64       `json:"owner,omitempty"`
	Parent  uint64       `json:"parent,omitempty"`
	Holders []holderJSON `json:"holders,omitempty"`
}

type holderJSON struct {
	Kind ns.HolderKind `json:"kind"`
	PID  int           `json:"pid,omitempty"`
	TID  int           `json:"tid,omitempty"`
	FD   *int          `json:"fd,omitempty"`
	Path string        `json:"path,omitempty"`
	NS   uint64        `json:"ns,omitempty"`
}

func toJSON(n *ns.Namespace, users userNames) namespaceJSON {
	j := namespaceJSON{
		NS: n.ID.Ino, Type: n.Kind.Name, NProcs: n.Processes, PID: n.PID, Command: n.Command,
		Owner: n.Owner.Ino, Parent: n.Parent.Ino,
	}
	if n.PID != 0 {
		uid := n.UID
		j.UID, j.User = &uid, users.of(uid)
	}
	for _, h := range n.Holders {
		held := holderJSON{Kind: h.Kind, PID: h.PID, TID: h.TID, Path: h.Path, NS: h.ID.Ino}
		if h.Kind == ns.HeldByFile {
			fd := h.FD
			held.FD = &fd
		}
		j.Holders = append(j.Holders, held)
	}
	return j
}

func printNamespaces(ctx *cli.Context, std streams, list *ns.Listing) error {
	users := userNames{}
	if ctx.Bool("json") {
		all := []namespaceJSON{}
		for _, n := range list.Namespaces {
			all = append(all, toJSON(n, users))
		}
		return printJSON(std.out, map[string]any{"namespaces": all})
	}
	t := &table{heads: []string{"NS", "TYPE", "NPROCS", "PID", "USER", "COMMAND"}, right: []bool{true, false, true, true, false, false}, cut: true}
	for _, n := range list.Namespaces {
		row := []string{strconv.FormatUint(n.ID.Ino, 10), n.Kind.Name, strconv.Itoa(n.Processes), "", "", heldBy(n)}
		if n.PID != 0 {
			row[3], row[4], row[5] = strconv.Itoa(n.PID), users.of(n.UID), n.Command
		}
		t.rows = append(t.rows, row)
	}
	if err := t.print(ctx, std); err != nil {
		return err
	}
	mention(std, list)
	return nil
}

// mention says what could not be seen.
func mention(std streams, list *ns.Listing) {
	if list.Unreadable > 0 && os.Geteuid() != 0 {
		fmt.Fprintf(std.err, "lab: the namespaces of %s of others are not shown: only root may look\n", counted(list.Unreadable, "process", "processes"))
	}
}

// heldBy says what keeps a namespace alive that no process is in.
func heldBy(n *ns.Namespace) string {
	var list []string
	for _, h := range n.Holders {
		if text := holderText(h); !slices.Contains(list, text) { // a mount is in each copy of a mount namespace
			list = append(list, text)
		}
	}
	if len(list) > 3 {
		list = append(list[:3], "…")
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func holderText(h ns.Holder) string {
	switch h.Kind {
	case ns.HeldByThread:
		return fmt.Sprintf("thread %d of process %d", h.TID, h.PID)
	case ns.HeldByFile:
		return fmt.Sprintf("open file %d of process %d", h.FD, h.PID)
	case ns.HeldByMount:
		return "kept at " + h.Path
	case ns.HeldByChildren:
		return fmt.Sprintf("children of process %d to come", h.PID)
	case ns.HeldAsParent:
		return fmt.Sprintf("parent of %d", h.ID.Ino)
	}
	return fmt.Sprintf("owner of %d", h.ID.Ino)
}

// printMembers lists the processes in one namespace, as lsns does with a number.
func printMembers(ctx *cli.Context, std streams, list *ns.Listing, text string) error {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return usage("invalid namespace %q: want its number, the first column of `lab ns ls`", text)
	}
	n := list.Find(number)
	if n == nil {
		return fmt.Errorf("there is no namespace %d that could be seen from here", number)
	}
	users := userNames{}
	members := []processLine{}
	for _, pid := range list.In(n) {
		if p, ok := lookAt(pid, users); ok {
			members = append(members, p)
		}
	}
	if ctx.Bool("json") {
		return printJSON(std.out, map[string]any{"namespace": toJSON(n, users), "processes": members})
	}
	t := &table{heads: []string{"PID", "PPID", "USER", "COMMAND"}, right: []bool{true, true, false, false}, cut: true}
	for _, p := range members {
		t.rows = append(t.rows, []string{strconv.Itoa(p.PID), strconv.Itoa(p.PPID), p.User, p.Command})
	}
	return t.print(ctx, std)
}

// table prints columns as lsns does: as wide as their content, numbers to the right.
type table struct {
	heads []string
	right []bool
	rows  [][]string
	cut   bool // in a terminal, the last column ends with the line
}

func (t *table) print(ctx *cli.Context, std streams) error {
	width := 0
	if t.cut && !ctx.Bool("notruncate") {
		width = terminalWidth(std.out)
	}
	rows := t.rows
	if !ctx.Bool("noheadings") {
		rows = append([][]string{t.heads}, rows...)
	}
	return t.write(std.out, rows, width)
}

// terminalWidth is the width of a terminal; 0 for all else, which has no end.
func terminalWidth(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok || !isTerminal(int(f.Fd())) {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// cutOff is what fits of a line into a terminal of that width; 0 has no end.
func cutOff(line string, width int) string {
	if text := []rune(line); width > 0 && len(text) > width {
		return string(text[:width-1]) + "…"
	}
	return line
}

func (t *table) write(out io.Writer, rows [][]string, width int) error {
	widths := make([]int, len(t.heads))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var all strings.Builder
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			switch {
			case t.right[i]:
				b.WriteString(pad + cell)
			case i == len(row)-1:
				b.WriteString(cell)
			default:
				b.WriteString(cell + pad)
			}
			if i < len(row)-1 {
				b.WriteByte(' ')
			}
		}
		line := []rune(b.String())
		if width > 0 && len(line) > width {
			line = line[:width]
		}
		all.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	_, err := io.WriteString(out, all.String())
	return err
}
