package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// runsPrograms are the commands whose flags end at the first argument: what follows belongs to the program. The chapters look after theirs
// themselves.
var runsPrograms = [...]string{"run", "create", "exec", "top", "chroot", "ns", "cgroup", "unionfs", "overlay"}

// flagsFirst moves flags that follow arguments before them, as people write them and docker takes them: rm web -f.
func flagsFirst(std streams, app *cli.App, args []string) []string {
	at := commandAt(app, args)
	if at < 0 || slices.Contains(runsPrograms[:], args[at]) {
		return args
	}
	c := app.Command(args[at])
	if c != nil && len(c.Subcommands) > 0 && at+1 < len(args) {
		at++
		if slices.Contains(runsPrograms[:], args[at]) {
			return args
		}
		c = verbIn(std, app.Commands, args[at-1], args[at])
	}
	if c == nil {
		return args
	}
	return append(slices.Clip(args[:at+1]), permute(c.Flags, args[at+1:])...)
}

// commandAt is where the command's name stands; -1: there is none.
func commandAt(app *cli.App, args []string) int {
	for i := 1; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") {
			return i
		}
		if wantsNext(app.Flags, args[i]) {
			i++
		}
	}
	return -1
}

// permute sorts a command's flags before its arguments; what follows "--" is no flag.
func permute(known []cli.Flag, args []string) []string {
	var flags, rest []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return slices.Concat(flags, []string{"--"}, rest, args[i+1:])
		case len(arg) < 2 || arg[0] != '-':
			rest = append(rest, arg)
		case wantsNext(known, arg) && i+1 == len(args):
			return append(flags, arg) // its value is missing, and no argument must be taken for it
		case wantsNext(known, arg):
			flags = append(flags, arg, args[i+1])
			i++
		default:
			flags = append(flags, arg)
		}
	}
	return append(flags, rest...)
}

// wantsNext says whether the next word is the value of this one: -o FILE, --output FILE, -qo FILE.
func wantsNext(known []cli.Flag, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") || name == "" {
		return false
	}
	if takes, found := takesValue(known, name); found {
		return takes
	}
	if strings.HasPrefix(arg, "--") {
		return false
	}
	for i, letter := range name { // several short ones in one word: only the last can have a value behind it
		if takes, _ := takesValue(known, string(letter)); takes {
			return i == len(name)-1
		}
	}
	return false
}

func takesValue(known []cli.Flag, name string) (takes, found bool) {
	for _, f := range known {
		if slices.Contains(f.Names(), name) {
			d, ok := f.(cli.DocGenerationFlag)
			return ok && d.TakesValue(), true
		}
	}
	return false, false
}
