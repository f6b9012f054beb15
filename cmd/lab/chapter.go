package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// verb is one command of a chapter.
type verb struct {
	name, about string
	make        func(streams) *cli.Command
}

// chapter is a command that has verbs: ns, cgroup, unionfs. They are made when args may mean the chapter, and a verb's flags
// when the verb is asked for, so that no other command pays for them at its start.
func chapter(std streams, args []string, name, about string, verbs []verb, aliases ...string) *cli.Command {
	c := &cli.Command{Name: name, Aliases: aliases, Usage: about}
	if !slices.ContainsFunc(args, c.HasName) {
		return c
	}
	c.ArgsUsage, c.CustomHelpTemplate = "VERB [ARGUMENTS]", chapterHelp(name, about, verbs)
	for _, v := range verbs { // empty ones: the library sets up what it finds here before it calls Before
		c.Subcommands = append(c.Subcommands, &cli.Command{Name: v.name, HelpName: "lab " + name + " " + v.name, HideHelp: true})
	}
	c.Before = func(ctx *cli.Context) error {
		for i, v := range verbs {
			if v.name == ctx.Args().First() {
				v.fill(std, c.Subcommands[i])
			}
		}
		return nil
	}
	c.Action = func(ctx *cli.Context) error {
		if verb := ctx.Args().First(); verb != "" {
			return &exit{code: 1, err: fmt.Errorf("%q is no verb of lab %s; `lab %s --help` lists them", verb, name, name)}
		}
		return cli.ShowSubcommandHelp(ctx)
	}
	return c
}

// fill makes the verb in its place.
func (v verb) fill(std streams, c *cli.Command) {
	made := v.make(std)
	c.Usage, c.ArgsUsage, c.Description = v.about, made.ArgsUsage, made.Description
	c.OnUsageError = verbUsageError
	c.UseShortOptionHandling = true
	c.Flags = quick(append(made.Flags, &cli.BoolFlag{Name: "help", Usage: "print this text", DisableDefaultText: true}))
	c.Action = orHelp(made.Action)
}

func chapterHelp(name, about string, verbs []verb) string {
	var b strings.Builder
	b.WriteString("lab " + name + " - " + about + "\n\nUSAGE:\n   lab " + name + " VERB [ARGUMENTS]\n\nVERBS:\n")
	for _, v := range verbs {
		b.WriteString("   " + v.name + strings.Repeat(" ", max(1, 10-len(v.name))) + v.about + "\n")
	}
	b.WriteString("\n`lab " + name + " VERB --help` says what each one takes, with an example.\n")
	return b.String()
}

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
	return flagError(ctx.Command.HelpName, err)
}

// wants is the error for arguments that are missing or too many: exit status 1, as Docker has it.
func wants(ctx *cli.Context, what string) error {
	name := ctx.Command.HelpName
	if !strings.HasPrefix(name, "lab ") {
		name = "lab " + ctx.Command.Name
	}
	return &exit{code: 1, err: fmt.Errorf("%s wants %s; see `%s --help`", strings.TrimPrefix(name, "lab "), what, name)}
}

// flagsAnywhere lets flags follow arguments, as people write them: create demo --cpus 0.5. Of a verb that runs a program
// only the first argument is its own, and the program's flags are the program's; they begin with the next argument that
// is no flag, or behind "--".
func flagsAnywhere(std streams, program bool, do func(ctx *cli.Context, args []string) error) cli.ActionFunc {
	return withFlagsBehind(std, nil, nil, program, do)
}

// withFlagsBehind parses again from the first flag on that follows an argument. before are the arguments up to there, and
// again is what was parsed for this round; nil is what stands on the command line.
func withFlagsBehind(std streams, before, again []string, program bool, do func(*cli.Context, []string) error) cli.ActionFunc {
	return watched(std, func(ctx *cli.Context) error {
		outer := ctx.Lineage()[1]
		raw, rest := outer.Args().Tail(), ctx.Args().Slice()
		if again != nil {
			raw = again
		}
		flags := raw[:len(raw)-len(rest)]
		next := slices.IndexFunc(rest, func(arg string) bool { return len(arg) > 1 && arg[0] == '-' })
		ended := len(flags) > 0 && flags[len(flags)-1] == "--"
		if ended || next < 0 || program && len(before)+next != 1 {
			return do(ctx, append(slices.Clip(before), rest...))
		}
		command, args := *ctx.Command, append(slices.Clone(flags), rest[next:]...)
		command.Action = orHelp(withFlagsBehind(std, append(slices.Clip(before), rest[:next]...), args, program, do))
		context := cli.NewContext(ctx.App, nil, outer)
		context.Command = &command
		return command.Run(context, append([]string{command.Name}, args...)...)
	})
}

// programEnded is the outcome of a command that runs a program: the program's exit status, or an error with 125, 126 or 127.
func programEnded(verb string, code int, err error) error {
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
	if err = execSentence(err); !strings.HasPrefix(err.Error(), verb+": ") { // the package says so itself of what it is asked for
		err = fmt.Errorf("%s: %w", verb, err)
	}
	if where := programPlace(verb); code == 127 && where != "" {
		err = advise(err, "%s", where)
	}
	return &exit{code: code, err: err}
}

// programPlace says where a program was looked for that is not there, for the verbs that have no image.
func programPlace(verb string) string {
	switch verb {
	case "enter":
		return "the program is looked for among the files of the mount namespace: without -m they are the host's, with -m the other's"
	case "unshare", "cgroup run":
		return "there is no such program here, or the interpreter or loader that it names is missing"
	}
	return ""
}

// ownShell is the program that chroot(1), unshare(1) and nsenter(1) run when they are told none.
func ownShell() []string {
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
