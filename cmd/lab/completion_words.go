package main

import (
	"flag"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/pkg/container"
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

// What may be the arguments of a command: containers, images or files, and how many; -1 is any number.
var completionKinds = [...]struct {
	command string
	kinds   string // c all containers, r those that run, p paused, s those that do not run, i images, b both, f files; the last goes on where … follows
}{
	{"attach", "r"}, {"commit", "ci"}, {"cp", "cfcf"}, {"create", "i"}, {"diff", "c"}, {"exec", "r"}, {"export", "c"}, {"history", "i"}, {"images", "i"},
	{"import", "fi"}, {"inspect", "b…"}, {"kill", "r…"}, {"load", ""}, {"logs", "c"}, {"pause", "r…"}, {"port", "c"}, {"pull", "i"}, {"push", "i"}, {"rename", "c"},
	{"restart", "c…"}, {"rm", "c…"}, {"rmi", "i…"}, {"run", "i"}, {"save", "i…"}, {"start", "s…"}, {"stats", "r…"}, {"stop", "r…"}, {"tag", "ii"}, {"top", "r"},
	{"unpause", "p…"}, {"update", "c…"}, {"wait", "c…"}, {"container ls", ""}, {"container inspect", "c…"}, {"image inspect", "i…"}, {"image ls", "i"},
	{"image rm", "i…"}, {"ns enter", "r"},
}

func (c *completing) arguments(name string, before []string) {
	kinds, known := kindsOf(name)
	if !known {
		c.files()
		return
	}
	list := []rune(kinds)
	if n := len(list); n > 1 && list[n-1] == '…' {
		for len(before) >= len(list)-1 {
			list = slices.Insert(list, len(list)-1, list[len(list)-2])
		}
	}
	switch name {
	case "completion":
		c.add("bash", "")
		c.add("zsh", "")
	}
	if len(before) >= len(list) || list[len(before)] == '…' {
		return
	}
	switch list[len(before)] {
	case 'i':
		c.images()
	case 'b':
		c.containers('c')
		c.images()
	case 'f':
		c.files()
	default:
		c.containers(list[len(before)])
	}
}

func kindsOf(name string) (string, bool) {
	_, verb, inFamily := strings.Cut(name, " ")
	for _, try := range [...]string{name, verb} {
		for _, k := range completionKinds {
			if try != "" && k.command == try && (try == name || inFamily && (strings.HasPrefix(name, "container ") || strings.HasPrefix(name, "image "))) {
				return k.kinds, true
			}
		}
	}
	switch name {
	case "completion", "ps", "version", "info", "doctor", "events", "system df", "system prune", "system events", "system info", "image prune", "container prune":
		return "", true
	}
	return "", false
}

func (c *completing) containers(kind rune) {
	list, err := listContainers(c.root)
	if err != nil {
		return
	}
	for _, one := range list {
		runs := one.phase == container.Running || one.phase == container.Paused || one.phase == container.Restarting
		if kind == 'r' && !runs || kind == 's' && runs || kind == 'p' && one.phase != container.Paused {
			continue
		}
		about := one.Image + ", " + status(one)
		if one.Name != "" {
			c.add(one.Name, about)
		}
		if c.word != "" && strings.Trim(c.word, "0123456789abcdef") == "" {
			c.add(short(one.ID), about)
		}
	}
}

func (c *completing) images() {
	images, err := image.Open(c.root)
	if err != nil {
		return
	}
	list, err := images.List()
	if err != nil {
		return
	}
	for _, img := range list {
		about := sizeText(img.Size) + ", " + ago(img.Created)
		for _, name := range img.Names {
			name = image.Familiar(name)
			if short, latest := strings.CutSuffix(name, ":latest"); latest && !strings.Contains(c.word, ":") {
				name = short
			}
			c.add(name, about)
		}
		if len(c.word) > 2 && strings.Trim(c.word, "0123456789abcdef") == "" {
			c.add(image.ShortID(img.ID), about)
		}
	}
}

// value offers what a flag may be given.
func (c *completing) value(command, name string) {
	words := map[string]string{
		"--network": "none host", "--net": "none host", "--pull": "always missing never", "--restart": "no on-failure always unless-stopped", "--pid": "host",
		"--ipc": "private host", "--uts": "host", "--userns": "host private", "--cgroupns": "private host", "--type": "container image",
		"--security-opt": "no-new-privileges seccomp=unconfined systempaths=unconfined",
		"--signal":       "HUP INT KILL QUIT STOP CONT TERM USR1 USR2", "-s": "HUP INT KILL QUIT STOP CONT TERM USR1 USR2",
	}[name]
	if name == "--format" || name == "-f" && strings.HasSuffix(command, "inspect") {
		words = "json table"
	}
	if name == "--filter" || name == "-f" {
		words = filterWords(command)
	}
	if words == "" && name != "-s" {
		c.files()
	}
	for word := range strings.FieldsSeq(words) {
		c.add(word, "")
	}
}

func filterWords(command string) string {
	keys := map[string][]string{"ps": psFilterKeys, "container ls": psFilterKeys, "images": imageFilterKeys, "image ls": imageFilterKeys, "events": eventFilterKeys}[command]
	if len(keys) == 0 {
		return ""
	}
	return strings.Join(keys, "= ") + "= status=running status=exited"
}

func wordsAsSet(words ...string) *flag.FlagSet {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	_ = set.Parse(words)
	return set
}
