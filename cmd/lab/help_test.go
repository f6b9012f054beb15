package main

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/urfave/cli/v2"
)

// A help text is read on a terminal of 80 columns, its examples too.
func TestHelpFitsEightyColumns(t *testing.T) {
	std := streams{os.Stdin, os.Stdout, os.Stderr}
	var names []string
	for _, c := range newApp(std, nil).Commands {
		names = append(names, c.Name)
	}
	app := newApp(std, append([]string{"lab"}, names...))
	fits := func(name, text string) {
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, "lab %s --help: %s", name, line)
		}
	}
	help := func(c *cli.Command) string {
		if c.CustomHelpTemplate != "" {
			return c.CustomHelpTemplate
		}
		var b strings.Builder
		commandHelp(&b, c)
		return b.String()
	}
	for _, c := range app.Commands {
		fits(c.Name, help(c))
		for _, s := range c.Subcommands {
			if c.Before != nil {
				_ = c.Before(cli.NewContext(app, wordsAsSet(s.Name), nil)) // makes the verb
			}
			fits(c.Name+" "+s.Name, help(s))
		}
	}
}
