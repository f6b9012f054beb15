package main

import (
	"flag"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completing is one question of a shell: what may stand for the word that begins so?
type completing struct {
	app   *cli.App
	root  string
	word  string
	lines []string
}

// add offers a word if it begins as what was typed does.
func (c *completing) add(word, about string) {
	if strings.HasPrefix(word, c.word) {
		c.lines = append(c.lines, word+"\t"+printable(about)+"\n")
	}
}

func (c *completing) files() { c.lines = append(c.lines, ":files\n") }

// complete goes through the words before, as the parser would.
func (c *completing) complete(std streams, before []string) {
	flags, name := c.app.Flags, ""
	commands := c.app.Commands
	var arguments []string
	for i := 0; i < len(before); i++ {
		switch word := before[i]; {
		case len(word) > 1 && word[0] == '-' && !c.ended(name, arguments):
			if !wantsNext(flags, word) {
				continue
			}
			if i+1 == len(before) {
				c.value(name, word)
				return
			}
			if i++; word == "--root" {
				c.root = before[i]
			}
		case commands != nil:
			found := commandNamed(commands, word)
			if found == nil {
				return
			}
			name, flags, commands = strings.TrimSpace(name+" "+found.Name), c.flagsOf(std, name, found), nil
			if len(found.Subcommands) > 0 {
				commands = found.Subcommands
			}
		default:
			arguments = append(arguments, word)
		}
	}
	switch {
	case strings.HasPrefix(c.word, "-") && !c.ended(name, arguments):
		c.flags(flags)
	case commands != nil:
		c.commands(std, name, commands)
	default:
		c.arguments(name, arguments)
	}
}

// commands offers what has a name of its own: of "ls", "list" and "ps" in a family the first.
func (c *completing) commands(std streams, parent string, commands []*cli.Command) {
	var seen []string
	for _, command := range commands {
		if command.Hidden || command.Name == "help" {
			continue
		}
		about := command.Usage
		if v := verbIn(std, c.app.Commands, parent, command.Name); v != nil {
			if slices.Contains(seen, v.Name) {
				continue
			}
			seen, about = append(seen, v.Name), v.Usage
		}
		c.add(command.Name, about)
	}
}

func commandNamed(commands []*cli.Command, word string) *cli.Command {
	for _, c := range commands {
		if c.HasName(word) {
			return c
		}
	}
	return nil
}

// flagsOf makes a command's flags: those of a chapter's verb are not there before it is asked for.
func (c *completing) flagsOf(std streams, parent string, command *cli.Command) []cli.Flag {
	if parent == "" {
		return command.Flags
	}
	if v := verbIn(std, c.app.Commands, parent, command.Name); v != nil {
		return v.Flags
	}
	outer := commandNamed(c.app.Commands, parent)
	if outer != nil && outer.Before != nil && len(command.Flags) == 0 {
		_ = outer.Before(cli.NewContext(c.app, wordsAsSet(command.Name), nil))
	}
	return command.Flags
}

// ended says whether flags are the program's by now: run box -x.
func (c *completing) ended(name string, arguments []string) bool {
	last := name[strings.LastIndexByte(name, ' ')+1:]
	return len(arguments) > 0 && slices.Contains(runsPrograms[:], last)
}

func (c *completing) flags(flags []cli.Flag) {
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		about := ""
		if d, ok := f.(cli.DocGenerationFlag); ok {
			about = strings.ReplaceAll(d.GetUsage(), "`", "")
		}
		for _, name := range f.Names() {
			switch {
			case len(name) > 1:
				c.add("--"+name, about)
			case strings.HasPrefix(c.word, "-") && !strings.HasPrefix(c.word, "--") && len(c.word) == 2:
				c.add("-"+name, about)
			}
		}
	}
	if strings.HasPrefix("--help", c.word) && !slices.ContainsFunc(c.lines, func(l string) bool { return strings.HasPrefix(l, "--help\t") }) {
		c.add("--help", "print this text")
	}
}

func wordsAsSet(words ...string) *flag.FlagSet {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	_ = set.Parse(words)
	return set
}
