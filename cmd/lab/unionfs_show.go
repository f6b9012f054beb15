package main

import (
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/unionfs"
)

func unionfsShowCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "[TARGET|CONTAINER|IMAGE]",
		Description: `The layers are those of an overlay that is mounted at TARGET, of a container or an image, or those of the flags, which
need not be mounted. A name may come from one layer, be a directory merged from several, or be deleted by a whiteout.

EXAMPLE:
   lab unionfs show merged
   lab unionfs show --upper upper --lower lower`,
		Flags:  andWatch(append(unionFlags(), jsonFlag("print one JSON object"))...),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return showAction(ctx, std, args) }),
	}
}

func showAction(ctx *cli.Context, std streams, args []string) error {
	u, err := unionOf(ctx, std, args)
	if err != nil {
		return notMounted(err)
	}
	entries, err := unionfs.Show(u.lower, u.upper)
	if err != nil {
		return err
	}
	written, err := u.written()
	if err != nil {
		return err
	}
	if ctx.Bool("json") {
		return printJSON(std.out, map[string]any{
			"upper": u.upper, "lower": u.lower, "entries": entriesJSON(entries, u.labels()), "written": written, "seen": seenNames(entries),
		})
	}
	u.print(std.out)
	labels := u.labels()
	t := &table{heads: []string{"NAME", "FROM", ""}, right: make([]bool, 3)}
	rows := [][]string{t.heads}
	for _, e := range entries {
		rows = append(rows, explained(e, labels))
	}
	if err := t.write(std.out, rows, 0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "\n%s, %s written, %d seen\n", counted(len(u.all()), "layer", "layers"), counted(written, "file", "files"), seenNames(entries))
	return err
}

// print is the key to the short names.
func (u union) print(out io.Writer) {
	labels := u.labels()
	for _, dir := range u.all() {
		fmt.Fprintf(out, "%-8s %s\n", labels[dir], dir)
	}
	fmt.Fprintln(out)
}

// explained is the row for a name.
func explained(e unionfs.Entry, labels map[string]string) []string {
	name := printable(e.Path)
	if e.Type.IsDir() && !e.Deleted {
		name += "/"
	}
	hidden := strings.Join(labelled(e.Hides, labels), ", ")
	if e.Deleted {
		if hidden != "" {
			hidden = ", which hides " + hidden
		}
		return []string{name, "-", "deleted: " + labels[e.Layer] + " has a whiteout" + hidden}
	}
	var notes []string
	if e.Opaque {
		notes = append(notes, "opaque")
	}
	if len(e.Merged) > 0 {
		notes = append(notes, "merged")
	}
	if hidden != "" {
		notes = append(notes, "hides "+hidden)
	}
	return []string{name, strings.Join(labelled(append([]string{e.Layer}, e.Merged...), labels), " + "), strings.Join(notes, ", ")}
}

// printable replaces what would move the cursor of a terminal: names come from images.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}

func labelled(dirs []string, labels map[string]string) []string {
	list := []string{}
	for _, dir := range dirs {
		list = append(list, labels[dir])
	}
	return list
}

// seenNames counts the names that are shown and are no directories.
func seenNames(entries []unionfs.Entry) int {
	n := 0
	for _, e := range entries {
		if !e.Deleted && !e.Type.IsDir() {
			n++
		}
	}
	return n
}

// written counts what the layers hold: all but directories and whiteouts.
func (u union) written() (n int, err error) {
	for _, dir := range u.all() {
		err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if d.Type()&fs.ModeCharDevice != 0 {
				info, err := d.Info()
				if err != nil || unionfs.IsWhiteout(info) {
					return err
				}
			}
			n++
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("count the files in %s: %w", dir, err)
		}
	}
	return n, nil
}

type entryJSON struct {
	Path    string   `json:"path"`
	Type    string   `json:"type"`
	Layer   string   `json:"layer"`
	From    string   `json:"from"` // its short name
	Merged  []string `json:"merged,omitempty"`
	Opaque  bool     `json:"opaque,omitempty"`
	Deleted bool     `json:"deleted,omitempty"`
	Hides   []string `json:"hides,omitempty"`
}

func entriesJSON(list []unionfs.Entry, labels map[string]string) []entryJSON {
	all := []entryJSON{}
	for _, e := range list {
		all = append(all, entryJSON{
			Path: e.Path, Type: typeWord(e.Type), Layer: e.Layer, From: labels[e.Layer],
			Merged: e.Merged, Opaque: e.Opaque, Deleted: e.Deleted, Hides: e.Hides,
		})
	}
	return all
}

func typeWord(t fs.FileMode) string {
	switch {
	case t.IsDir():
		return "directory"
	case t&fs.ModeSymlink != 0:
		return "link"
	case t.IsRegular():
		return "file"
	}
	return "special"
}
