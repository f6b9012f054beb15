package main

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/pkg/container"
)

func execCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "exec", Usage: "run another program in a container that runs", ArgsUsage: "CONTAINER COMMAND [ARGUMENTS]",
		Description: `The program joins the namespaces and the cgroup of the container, with the same capabilities and the same
seccomp filter. The container goes on when the program has ended; when the container ends, so does the program.

EXAMPLE:
   lab exec -it web sh`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "keep standard input open"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "give it a terminal"},
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not wait for it"},
			&cli.StringSliceFlag{Name: "env", Aliases: []string{"e"}, Usage: "set `NAME=VALUE` in its environment; NAME alone takes lab's own value"},
			&cli.StringSliceFlag{Name: "env-file", Usage: "read such lines from `FILE`"},
			&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "run as `USER[:GROUP]`, by name or number"},
			&cli.StringFlag{Name: "workdir", Aliases: []string{"w"}, Usage: "start in `DIR`"},
			&cli.BoolFlag{Name: "privileged", Usage: "give it all capabilities"},
			&cli.StringFlag{Name: "detach-keys", Usage: "leave it alone at these `KEYS`", Value: monitor.DetachKeys},
			&cli.BoolFlag{Name: "explain", Usage: "print every kernel call as it is made"},
			&cli.BoolFlag{Name: "step", Usage: "stop before each kernel call and wait for Enter"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print every kernel call and make none"},
		},
		Action: func(ctx *cli.Context) error { return execAction(ctx, std) },
	}
}

func execAction(ctx *cli.Context, std streams) error {
	if ctx.NArg() < 2 {
		return &exit{code: 1, err: errors.New("exec wants the name of a container and a program; see `lab exec --help`")}
	}
	if err := watch(ctx, std); err != nil {
		return err
	}
	if ctx.Bool("dry-run") {
		kernel.Watch(&kernel.Printer{Out: std.out})
		kernel.DryRun()
	}
	r, err := newExecRequest(ctx)
	if err != nil {
		return err
	}
	e := &executing{std: std, request: r}
	code, err := e.run()
	if err != nil {
		return e.failed(err)
	}
	if code != 0 {
		return &exit{code: code}
	}
	return nil
}

// execRequest is what `lab exec` was asked for.
type execRequest struct {
	root, container, user string
	options               container.ExecOptions
	stdin, tty, detach    bool
	dry                   bool // --dry-run: nothing happens
	keys                  []byte
}

func newExecRequest(ctx *cli.Context) (*execRequest, error) {
	r := &execRequest{
		root: ctx.String("root"), container: ctx.Args().First(), user: ctx.String("user"),
		stdin: ctx.Bool("interactive"), tty: ctx.Bool("tty"), detach: ctx.Bool("detach"), dry: ctx.Bool("dry-run"),
	}
	r.options = container.ExecOptions{Args: ctx.Args().Tail(), Cwd: ctx.String("workdir"), TTY: r.tty, Privileged: ctx.Bool("privileged")}
	var err error
	if r.options.Env, err = execEnvironment(ctx); err != nil {
		return nil, err
	}
	for _, text := range append(r.options.Env, r.options.Args...) {
		if strings.ContainsRune(text, 0) {
			return nil, errors.New("an argument or environment variable has a NUL byte, which no program can be given")
		}
	}
	if w := r.options.Cwd; w != "" && !path.IsAbs(w) {
		return nil, &exit{code: 126, err: fmt.Errorf("exec: the working directory %q is invalid, it needs to be an absolute path", w)}
	}
	if r.options.Args[0] == "" {
		return nil, &exit{code: 126, err: errors.New(`exec: exec: "": executable file not found in $PATH`)}
	}
	if r.keys, err = monitor.ParseKeys(ctx.String("detach-keys")); err != nil {
		return nil, err
	}
	if r.tty && r.stdin && !r.detach && !isTerminal(0) {
		return nil, &exit{code: 1, err: errors.New("the input device is not a TTY: leave -t away, or run lab from a terminal")}
	}
	return r, nil
}

func execEnvironment(ctx *cli.Context) ([]string, error) {
	var env []string
	for _, file := range ctx.StringSlice("env-file") {
		lines, err := readEnvFile(file)
		if err != nil {
			return nil, err
		}
		env = append(env, lines...)
	}
	for _, text := range ctx.StringSlice("env") {
		entry, keep, err := envEntry(text)
		if err != nil {
			return nil, err
		}
		if keep {
			env = append(env, entry)
		}
	}
	return env, nil
}
