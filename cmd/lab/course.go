package main

import (
	"github.com/urfave/cli/v2"
)

// courseVerbs are the verbs of `lab course`.
func courseVerbs() []verb {
	return []verb{
		{"lint", "say what is wrong with labs, by line", courseLintCommand},
	}
}

func courseCommand(std streams, args []string) *cli.Command {
	return chapter(std, args, "course", "learn by doing: labs, with checks that ask the kernel", courseVerbs())
}
