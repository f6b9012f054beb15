package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/kernel"
)

// streams are the three standard streams, passed in so that nothing below main knows where they lead.
type streams struct {
	in       *os.File
	out, err *os.File
}

// exit is an error that carries the command's exit status, and nothing to print when it has no sentence.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *exit) Unwrap() error { return e.err }

// usage is an error of the flags, and of whatever run was asked for: exit status 125, as Docker has it. Arguments that are missing or too
// many are 1; see wants.
func usage(format string, args ...any) error {
	return &exit{code: 125, err: fmt.Errorf(format, args...)}
}

// run is the whole program: it returns the exit status.
func run(args []string, std streams) int {
	app := newApp(std, args)
	err := app.Run(flagsFirst(std, app, args))
	if err == nil {
		return 0
	}
	code := 1
	var e *exit
	if errors.As(err, &e) {
		code = e.code
	}
	complain(std.err, err)
	return code
}

// complain prints an error as one sentence, several as a line each, and the way out where there is one.
func complain(w io.Writer, err error) {
	if text := strings.TrimSpace(err.Error()); text != "" {
		fmt.Fprintf(w, "lab: %s\n", strings.ReplaceAll(text, "\n", "\nlab: "))
	}
	if h := hint(err); h != "" {
		fmt.Fprintf(w, "lab: hint: %s\n", h)
	}
}

func newApp(std streams, args []string) *cli.App {
	cli.HelpPrinter = printHelp
	// Not "h": the library would look at the value of run's -h, and `lab run -h 1 box` print help instead of naming the host.
	cli.HelpFlag = &cli.BoolFlag{Name: "help", Usage: "show help; -h does too", DisableDefaultText: true}
	return &cli.App{
		Name:                      "lab",
		Usage:                     "learn how containers work, by making them",
		Version:                   version,
		Reader:                    std.in,
		Writer:                    std.out,
		ErrWriter:                 std.err,
		HideHelpCommand:           true,
		UseShortOptionHandling:    true,
		DisableSliceFlagSeparator: true, // --env A=1,2 is one value
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
		CommandNotFound:           nil,
		Flags: append(quick([]cli.Flag{
			&cli.StringFlag{Name: "root", Usage: "keep images and containers in `DIR`", Value: "/var/lib/lab", EnvVars: []string{"LAB_ROOT"}},
			&cli.BoolFlag{Name: "explain", Usage: "print every kernel call as it is made"},
			&cli.BoolFlag{Name: "step", Usage: "stop before each kernel call and wait for Enter"},
			&cli.BoolFlag{Name: "debug", Usage: "say more about errors"},
			&cli.BoolFlag{Name: "no-color", Usage: "print without colours", EnvVars: []string{"NO_COLOR"}},
		}), &cli.BoolFlag{Name: "h", Hidden: true, Action: helpAsked}),
		Before:   func(ctx *cli.Context) error { return watch(ctx, std) },
		Action:   func(ctx *cli.Context) error { return noCommand(ctx, std) },
		Commands: commands(std, args),
	}
}

// plain are the commands that stand for themselves: one of them can be made without the others.
var plain = [...]struct {
	name string
	make func(streams) *cli.Command
}{
	{"run", runCommand},
	{"pull", pullCommand}, {"images", imagesCommand}, {"inspect", inspectCommand}, {"rmi", rmiCommand}, {"tag", tagCommand}, {"load", loadCommand}, {"import", importCommand},
	{"create", createCommand}, {"start", startCommand}, {"restart", restartCommand}, {"attach", attachCommand}, {"wait", waitCommand}, {"monitor", monitorCommand},
	{"ps", psCommand}, {"stop", stopCommand}, {"kill", killCommand}, {"rm", rmCommand},
	{"exec", execCommand}, {"pause", pauseCommand}, {"unpause", unpauseCommand}, {"update", updateCommand}, {"rename", renameCommand}, {"port", portCommand}, {"stats", statsCommand}, {"top", topCommand}, {"cp", cpCommand},
	{"logs", logsCommand},
	{"commit", commitCommand}, {"export", exportCommand}, {"save", saveCommand}, {"diff", diffCommand}, {"history", historyCommand}, {"events", eventsCommand}, {"info", infoCommand},
	{"completion", completionCommand}, {"__complete", completeCommand},
	{"chroot", chrootCommand},
	{"doctor", doctorCommand}, {"version", versionCommand},
}

// commands makes the command that args name, where they plainly name one, else all. Flags are set up for those that args may mean.
func commands(std streams, args []string) []*cli.Command {
	list := onlyCommand(std, args)
	if list == nil {
		for _, c := range plain {
			if c.name == "doctor" { // where the reference has the chapters
				list = append(list, nsCommand(std, args), cgroupCommand(std, args), unionfsCommand(std, args))
			}
			list = append(list, c.make(std))
		}
		list = append(list, courseCommand(std, args))
		list = append(list, courseShortCommands(std, args)...)
		list = append(list, familyCommands(std, args, list)...)
	}
	for _, c := range list {
		if !slices.Contains(args, c.Name) && !slices.ContainsFunc(c.Aliases, func(a string) bool { return slices.Contains(args, a) }) {
			continue
		}
		c.OnUsageError = onUsageError
		c.UseShortOptionHandling = true
		c.HideHelp = true // -h is --hostname, as in docker; --help is ours
		c.Flags = append(c.Flags, &cli.BoolFlag{Name: "help", Usage: "print this text", DisableDefaultText: true})
		c.Flags = quick(c.Flags)
		c.Action = orHelp(c.Action)
	}
	return list
}

// onlyCommand makes the command of `lab NAME …` and `lab --root DIR NAME …`. A start of lab is short enough to feel the other sixty.
func onlyCommand(std streams, args []string) []*cli.Command {
	words := args[min(1, len(args)):]
	if len(words) > 2 && words[0] == "--root" {
		words = words[2:]
	}
	var list []*cli.Command
	for _, c := range plain {
		if c.name == "__complete" || !slices.Contains(words, c.name) {
			continue
		}
		if list != nil || words[0] != c.name {
			return nil // another command's word, or an argument that is called like a command
		}
		list = append(list, c.make(std))
	}
	return list
}

// helpAsked answers lab -h, and ends it.
func helpAsked(ctx *cli.Context, _ bool) error {
	if err := cli.ShowAppHelp(ctx); err != nil {
		return err
	}
	return &exit{}
}

// orHelp prints the command's help when it was asked for.
func orHelp(do cli.ActionFunc) cli.ActionFunc {
	return func(ctx *cli.Context) error {
		if ctx.Bool("help") {
			return cli.ShowSubcommandHelp(ctx)
		}
		return do(ctx)
	}
}

func noCommand(ctx *cli.Context, std streams) error {
	if name := ctx.Args().First(); name == "help" { // docker's word for --help
		if ctx.NArg() == 1 {
			return cli.ShowAppHelp(ctx)
		}
		return newApp(std, append(ctx.Args().Slice(), "--help")).Run(append(append([]string{"lab"}, ctx.Args().Tail()...), "--help"))
	} else if name != "" {
		if text := commandNotYet(name); text != "" {
			return &exit{code: 1, err: errors.New(text)}
		}
		return &exit{code: 1, err: fmt.Errorf("%q is no command of lab; `lab --help` lists them", name)}
	}
	return cli.ShowAppHelp(ctx)
}

// onUsageError turns the flag parser's words into one sentence.
func onUsageError(ctx *cli.Context, err error, _ bool) error {
	if errors.Is(err, flag.ErrHelp) { // -h where it has no other meaning
		return cli.ShowSubcommandHelp(ctx)
	}
	command := "lab"
	if ctx.Command != nil && ctx.Command.Name != "" && ctx.Command.Name != "lab" {
		command += " " + ctx.Command.Name
	}
	return flagError(command, err)
}

// watch sets up --explain and --step, and the test door. The environment variable is for lab's own tests: it makes one
// kernel call fail, or kills lab there.
func watch(ctx *cli.Context, std streams) error {
	if text := os.Getenv("LAB_TEST_FAULT"); text != "" {
		fault, err := kernel.ParseFault(text)
		if err != nil {
			return usage("%w", err)
		}
		kernel.Inject(fault)
	}
	switch {
	case ctx.Bool("step"):
		kernel.Watch(&kernel.Printer{Out: std.err, In: stepInput(std)})
	case ctx.Bool("explain"):
		kernel.Watch(&kernel.Printer{Out: std.err})
	}
	return nil
}

// stepInput is where Enter is read from: the terminal itself, so that the container's standard input stays its own.
func stepInput(std streams) io.Reader {
	if tty, err := os.Open("/dev/tty"); err == nil {
		return tty
	}
	return std.in
}
