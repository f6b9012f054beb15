package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/fold"
)

// printHelp is the library's door for help texts: ours are made for a terminal of 80 columns.
func printHelp(w io.Writer, template string, data any) {
	if app, ok := data.(*cli.App); ok {
		appHelp(w, app)
		return
	}
	if c, ok := data.(*cli.Command); ok && c.CustomHelpTemplate == "" {
		commandHelp(w, c)
		return
	}
	cli.HelpPrinterCustom(w, template, data, nil)
}

func commandHelp(w io.Writer, c *cli.Command) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n\nUSAGE:\n   %s", fullName(c), c.Usage, fullName(c))
	switch {
	case len(c.Subcommands) > 0:
		b.WriteString(" COMMAND [ARGUMENTS]")
	case len(c.VisibleFlags()) > 0:
		b.WriteString(" [OPTIONS]")
	}
	if c.ArgsUsage != "" {
		b.WriteString(" " + c.ArgsUsage)
	}
	b.WriteString("\n")
	if len(c.Subcommands) > 0 {
		b.WriteString("\nCOMMANDS:\n")
		for _, s := range c.VisibleCommands() {
			entry(&b, strings.Join(s.Names(), ", "), s.Usage)
		}
	}
	if flags := c.VisibleFlags(); len(flags) > 0 {
		b.WriteString("\nOPTIONS:\n")
		for _, f := range flags {
			if d, ok := f.(cli.DocGenerationFlag); ok {
				label, text := flagText(d)
				entry(&b, label, text)
			}
		}
	}
	if c.Description != "" {
		b.WriteString("\n")
		describe(&b, c.Description)
	}
	_, _ = io.WriteString(w, b.String())
}

func fullName(c *cli.Command) string {
	if c.HelpName != "" {
		return c.HelpName
	}
	return "lab " + c.Name
}

// flagText is "-m, --memory BYTES" and what it does. The word in back quotes of the usage names the value.
func flagText(f cli.DocGenerationFlag) (label, text string) {
	var short, long []string
	for _, name := range f.Names() {
		if len(name) == 1 {
			short = append(short, "-"+name)
		} else {
			long = append(long, "--"+name)
		}
	}
	label = strings.Join(append(short, long...), ", ")
	text = f.GetUsage()
	value := ""
	if before, rest, ok := strings.Cut(text, "`"); ok {
		if word, after, ok := strings.Cut(rest, "`"); ok {
			value, text = word, before+word+after
			text = strings.Replace(text, " (MODE)", "", 1)
			text = strings.Replace(text, " (WHEN)", "", 1)
		}
	}
	if f.TakesValue() {
		if value == "" {
			value = "VALUE"
		}
		label += " " + value
		if d := f.GetDefaultText(); d != "" && d != `""` && d != "0" {
			text += " (default " + strings.Trim(d, `"`) + ")"
		}
	}
	return label, text
}

// describe prints a description. A paragraph with lines of more than 80 columns is broken anew; examples stay as they are.
func describe(b *strings.Builder, text string) {
	var paragraph []string
	wide := false
	end := func() {
		if wide {
			b.WriteString(fold.Text(strings.Join(paragraph, " "), 0, 80) + "\n")
		} else if len(paragraph) > 0 {
			b.WriteString(strings.Join(paragraph, "\n") + "\n")
		}
		paragraph, wide = nil, false
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' || strings.HasPrefix(line, "EXAMPLE") {
			end()
			b.WriteString(line + "\n")
			continue
		}
		paragraph = append(paragraph, line)
		wide = wide || utf8.RuneCountInString(line) > 80
	}
	end()
}

// entry prints a name and, from column 30 on, what it is.
func entry(b *strings.Builder, name, text string) {
	const at, width = 30, 80
	line := "   " + name
	if utf8.RuneCountInString(line) > at-2 {
		b.WriteString(line + "\n")
		line = ""
	}
	line += strings.Repeat(" ", at-utf8.RuneCountInString(line))
	b.WriteString(line + fold.Text(text, at, width) + "\n")
}
