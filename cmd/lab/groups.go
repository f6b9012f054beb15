package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A family is the long forms of commands, as docker has them: `lab container ls` is `lab ps`. It is a chapter whose verbs are the short forms
// themselves, found by their names: "ls,list,ps=ps" are three words for the command ps. What only a family has is made by its own.
type family struct {
	name, about string
	short       string
	own         []verb
}

var families = [...]func() family{containerFamily, imageFamily, systemFamily}

func containerFamily() family {
	return family{
		"container", "all commands about containers: `lab container ls` …",
		"attach commit cp create diff exec export kill logs ls,list,ps=ps pause port rename restart rm,remove=rm run start stats stop top unpause update wait",
		[]verb{
			{"inspect", "print all about containers, as JSON", inspectOnly("container")},
			{"prune", "remove all containers that do not run", containerPruneCommand},
		},
	}
}

func imageFamily() family {
	return family{
		"image", "all commands about images: `lab image ls` …", "build history import load ls,list=images pull push rm,remove=rmi save tag",
		[]verb{
			{"inspect", "print all about images, as JSON", inspectOnly("image")},
			{"prune", "remove images that nobody needs", imagePruneCommand},
		},
	}
}

func systemFamily() family {
	return family{
		"system", "disk space, events, and cleaning up", "events info",
		[]verb{
			{"df", "say what images, containers and volumes take on the disk", systemDiskCommand},
			{"prune", "remove what nobody needs, and clean up after killed labs", systemPruneCommand},
		},
	}
}

// familyCommands makes the families; list are the short forms before their flags are set up. A start that does not mean a family
// pays for its name alone.
func familyCommands(std streams, args []string, list []*cli.Command) []*cli.Command {
	var commands []*cli.Command
	for _, f := range families {
		commands = append(commands, f().command(std, args, list))
	}
	return commands
}

func (f family) command(std streams, args []string, list []*cli.Command) *cli.Command {
	if !slices.Contains(args, f.name) {
		return &cli.Command{Name: f.name, Usage: f.about}
	}
	var all, shown []verb
	for word, command := range f.words {
		at := slices.IndexFunc(list, func(c *cli.Command) bool { return c.Name == command })
		if at < 0 {
			continue
		}
		made := *list[at]
		made.Flags = slices.Clip(made.Flags)
		v := verb{word, made.Usage, func(streams) *cli.Command { return &made }}
		if len(all) == 0 || all[len(all)-1].about != v.about { // further words for the same are not shown
			shown = append(shown, v)
		}
		all = append(all, v)
	}
	all, shown = append(all, f.own...), append(shown, f.own...)
	slices.SortFunc(shown, func(a, b verb) int { return strings.Compare(a.name, b.name) })
	c := chapter(std, args, f.name, f.about, all)
	c.CustomHelpTemplate = chapterHelp(f.name, f.about, shown)
	return c
}

// words gives each word of the family, and the short form that it stands for.
func (f family) words(yield func(word, command string) bool) {
	for entry := range strings.FieldsSeq(f.short) {
		words, command, _ := strings.Cut(entry, "=")
		if command == "" {
			command = words
		}
		for word := range strings.SplitSeq(words, ",") {
			if !yield(word, command) {
				return
			}
		}
	}
}

// verbIn finds the command that two words mean, with its flags: "container ls" is ps.
func verbIn(std streams, list []*cli.Command, name, word string) *cli.Command {
	for _, f := range families {
		f := f()
		if f.name != name {
			continue
		}
		for _, own := range f.own {
			if own.name == word {
				return own.make(std)
			}
		}
		for w, command := range f.words {
			if w != word {
				continue
			}
			for _, c := range list {
				if c.Name == command {
					return c
				}
			}
		}
	}
	return nil
}
