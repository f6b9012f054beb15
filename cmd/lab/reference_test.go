package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

var update = flag.Bool("update", false, "write docs/reference/commands.md anew")

const referenceFile = "../../docs/reference/commands.md"

// TestCommandReference makes the reference from the commands themselves, and fails where the file says something else. Write it anew with
//
//	go test ./cmd/lab -run TestCommandReference -update
func TestCommandReference(t *testing.T) {
	want := commandReference()
	if *update {
		require.NoError(t, os.MkdirAll("../../docs/reference", 0o755))
		require.NoError(t, os.WriteFile(referenceFile, []byte(want), 0o644))
	}
	have, err := os.ReadFile(referenceFile)
	require.NoError(t, err)
	assert.Equal(t, want, string(have), "docs/reference/commands.md is stale: go test ./cmd/lab -run TestCommandReference -update")
}

// commandReference is made with every command's name among the arguments, so that every flag is there.
func commandReference() string {
	std := streams{os.Stdin, os.Stdout, os.Stderr}
	var names []string
	for _, c := range newApp(std, nil).Commands {
		names = append(names, c.Name)
	}
	app := newApp(std, append([]string{"lab"}, names...))
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString("| command | what it does |\n| --- | --- |\n")
	for _, c := range app.Commands {
		if !c.Hidden {
			fmt.Fprintf(&b, "| [`lab %s`](#lab-%s) | %s |\n", c.Name, c.Name, cell(c.Usage))
		}
	}
	b.WriteString("\n## Global options\n\nThey stand before the command.\n\n")
	writeFlags(&b, app.Flags)
	for _, c := range app.Commands {
		if !c.Hidden {
			writeCommand(&b, std, app, c)
		}
	}
	return b.String()
}

const referenceHead = `# Commands

<!-- Made from the commands themselves by TestCommandReference in cmd/lab; do not edit. -->

Flags and columns have Docker's names, where Docker has them. Flags may follow arguments, except for ` + "`run`, `create`, `exec` and `top`" + `, where what follows
belongs to the program. The exit status is 0, 1 for an error, and for commands that run a program the program's own: 125 is an error of lab itself, 126 a program that cannot be
executed, 127 one that is not there, 128+n one that signal n ended.

`

func writeCommand(b *strings.Builder, std streams, app *cli.App, c *cli.Command) {
	fmt.Fprintf(b, "\n## lab %s\n\n%s.\n", c.Name, sentenceCase(c.Usage))
	if len(c.Subcommands) == 0 {
		writeUse(b, "lab "+c.Name, c)
		return
	}
	family := verbIn(std, app.Commands, c.Name, c.Subcommands[0].Name) != nil
	if family {
		b.WriteString("\n| long form | is |\n| --- | --- |\n")
	}
	for _, s := range c.Subcommands {
		if s.Hidden || s.Name == "help" {
			continue
		}
		made := verbIn(std, app.Commands, c.Name, s.Name)
		if made != nil && commandNamed(app.Commands, made.Name) == made {
			fmt.Fprintf(b, "| `lab %s %s` | [`lab %s`](#lab-%s) |\n", c.Name, s.Name, made.Name, made.Name)
		}
	}
	for _, s := range c.Subcommands {
		if s.Hidden || s.Name == "help" {
			continue
		}
		made := verbIn(std, app.Commands, c.Name, s.Name)
		if made != nil && commandNamed(app.Commands, made.Name) == made {
			continue
		}
		_ = c.Before(cli.NewContext(app, wordsAsSet(s.Name), nil)) // makes the verb
		fmt.Fprintf(b, "\n### lab %s %s\n\n%s.\n", c.Name, s.Name, sentenceCase(s.Usage))
		writeUse(b, "lab "+c.Name+" "+s.Name, s)
	}
}

func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func writeUse(b *strings.Builder, name string, c *cli.Command) {
	use := name
	if len(c.VisibleFlags()) > 1 {
		use += " [OPTIONS]"
	}
	if c.ArgsUsage != "" {
		use += " " + c.ArgsUsage
	}
	fmt.Fprintf(b, "\n```\n%s\n```\n\n", use)
	writeFlags(b, c.Flags)
	if c.Description == "" {
		return
	}
	text, example, found := strings.Cut(c.Description, "EXAMPLE:\n")
	if text = strings.TrimSpace(text); text != "" {
		fmt.Fprintf(b, "\n%s\n", text)
	}
	if found {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.TrimSpace(strings.ReplaceAll(example, "\n   ", "\n")))
	}
}

func writeFlags(b *strings.Builder, flags []cli.Flag) {
	began := false
	for _, f := range flags {
		v, ok := f.(cli.VisibleFlag)
		d, also := f.(cli.DocGenerationFlag)
		if !ok || !also || !v.IsVisible() || f.Names()[0] == "help" || f.Names()[0] == "h" {
			continue
		}
		if !began {
			b.WriteString("| option | |\n| --- | --- |\n")
			began = true
		}
		label, text := flagText(d)
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(label), cell(text))
	}
}

// cell keeps a text in one cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}
