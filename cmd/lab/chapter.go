package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

// chapter is a command that has verbs: ns, cgroup, unionfs. They are made when the chapter is opened, so that no other command
// pays for them at its start.
func chapter(name, about string, verbs func() []*cli.Command) *cli.Command {
	return &cli.Command{
		Name: name, Usage: about, ArgsUsage: "VERB [ARGUMENTS]", CustomHelpTemplate: chapterHelp,
		Before: func(ctx *cli.Context) error {
			c := ctx.Command
			c.Subcommands = verbs()
			for _, v := range c.Subcommands {
				v.HelpName = "lab " + name + " " + v.Name
				v.OnUsageError = verbUsageError
				v.UseShortOptionHandling = true
				v.HideHelp = true
				v.Flags = quick(append(v.Flags, &cli.BoolFlag{Name: "help", Usage: "print this text", DisableDefaultText: true}))
				v.Action = orHelp(v.Action)
			}
			return nil
		},
		Action: func(ctx *cli.Context) error {
			if verb := ctx.Args().First(); verb != "" {
				return &exit{code: 1, err: fmt.Errorf("%q is no verb of lab %s; `lab %s --help` lists them", verb, name, name)}
			}
			return cli.ShowSubcommandHelp(ctx)
		},
	}
}

const chapterHelp = `lab {{.Name}} - {{.Usage}}

USAGE:
   lab {{.Name}} VERB [ARGUMENTS]

VERBS:{{range .VisibleCommands}}
   {{printf "%-10s" .Name}} {{.Usage}}{{end}}

` + "`lab {{.Name}} VERB --help` says what each one takes, with an example.\n"

// watched is the action of a command with its own --explain and --step.
func watched(std streams, do cli.ActionFunc) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		if err := watch(ctx, std); err != nil {
			return err
		}
		return do(ctx)
	}
}

// andWatch adds the flags for it.
func andWatch(flags ...cli.Flag) []cli.Flag {
	return append(flags,
		&cli.BoolFlag{Name: "explain", Usage: "print every kernel call as it is made"},
		&cli.BoolFlag{Name: "step", Usage: "stop before each kernel call and wait for Enter"})
}

func jsonFlag(about string) cli.Flag { return &cli.BoolFlag{Name: "json", Usage: about} }

// verbUsageError is onUsageError for a command with two words.
func verbUsageError(ctx *cli.Context, err error, _ bool) error {
	text := strings.Replace(err.Error(), "flag provided but not defined: -", "unknown flag: -", 1)
	return usage("%s; see `%s --help`", text, ctx.Command.HelpName)
}

// wants is the error for arguments that are missing or too many.
func wants(ctx *cli.Context, what string) error {
	name := ctx.Command.HelpName
	if !strings.HasPrefix(name, "lab ") {
		name = "lab " + ctx.Command.Name
	}
	return usage("%s wants %s; see `%s --help`", strings.TrimPrefix(name, "lab "), what, name)
}

// flagsAfterName lets flags follow the first argument, as people write them: create demo --cpus 0.5. The command's own
// words, if it has any, begin with the next argument that is no flag, or behind "--".
func flagsAfterName(do func(ctx *cli.Context, args []string) error) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		raw, rest := ctx.Lineage()[1].Args().Tail(), ctx.Args().Slice()
		flags := raw[:len(raw)-len(rest)]
		ended := len(flags) > 0 && flags[len(flags)-1] == "--"
		if ended || len(rest) < 2 || !strings.HasPrefix(rest[1], "-") || rest[1] == "-" {
			return do(ctx, rest)
		}
		if rest[1] == "--" {
			return do(ctx, append(rest[:1:1], rest[2:]...))
		}
		again := *ctx.Command
		again.Action = func(inner *cli.Context) error {
			if inner.Bool("help") {
				return cli.ShowSubcommandHelp(inner)
			}
			return do(inner, append(rest[:1:1], inner.Args().Slice()...))
		}
		context := cli.NewContext(ctx.App, nil, ctx.Lineage()[1])
		context.Command = &again
		return again.Run(context, append(append([]string{again.Name}, flags...), rest[1:]...)...)
	}
}

// ended is the outcome of a command that runs a program: the program's exit status, or an error with 125, 126 or 127.
func ended(verb string, code int, err error) error {
	var e *exit
	switch {
	case err == nil && code == 0:
		return nil
	case err == nil:
		return &exit{code: code}
	case errors.As(err, &e):
		return err
	}
	code = 125
	if c, known := execStatus(err); known {
		code = c
	}
	return &exit{code: code, err: fmt.Errorf("%s: %w", verb, execSentence(err))}
}

// shell is the program that chroot(1), unshare(1) and nsenter(1) run when they are told none.
func shell() []string {
	if s := os.Getenv("SHELL"); s != "" {
		return []string{s}
	}
	return []string{"/bin/sh"}
}

// printJSON prints one value on one line.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// counted says "1 process", "2 processes".
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
