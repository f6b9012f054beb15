package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/journal/replay"
	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func logsCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "logs", Usage: "print what a container printed", ArgsUsage: "CONTAINER",
		Description: `Its standard output goes to yours, its standard error to yours, byte for byte.
TIME is a date such as 2006-01-02T15:04:05, a Unix time, or how long ago: 10m, 1h30m.

EXAMPLE:
   lab logs --tail 20 -f web`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what is printed from now on, until the container ends"},
			&cli.BoolFlag{Name: "timestamps", Aliases: []string{"t"}, Usage: "put the time before each line"},
			&cli.StringFlag{Name: "tail", Aliases: []string{"n"}, Usage: "only the last `LINES`, or all", Value: "all"},
			&cli.StringFlag{Name: "since", Usage: "only what was printed at that `TIME` or later"},
			&cli.StringFlag{Name: "until", Usage: "only what was printed at that `TIME` or earlier"},
			&cli.BoolFlag{Name: "details", Usage: "print what else is known of each line, which is nothing: for commands written for docker"},
		},
		Action: func(ctx *cli.Context) error { return logsAction(ctx, std) },
	}
}

func logsAction(ctx *cli.Context, std streams) error {
	if ctx.NArg() != 1 {
		return &exit{code: 1, err: errors.New("logs wants the name or id of one container")}
	}
	options, err := logsOptions(ctx)
	if err != nil {
		return err
	}
	root := ctx.String("root")
	if err := sweep(root); err != nil {
		complain(std.err, err)
	}
	c, err := findListed(root, ctx.Args().First())
	if err != nil {
		return err
	}
	if c.Monitor == 0 && (c.Alive() || c.Status == container.Running && c.Remove) { // or it has just ended
		return fmt.Errorf("container %s runs in the foreground with --rm: what it prints goes to that terminal, and there is no log of it", c.Name)
	}
	dir := store.Open(root).Container(c.ID)
	life := life{root: root, dir: dir, broken: c.phase == container.Dead}
	options.Out, options.Err, options.Intact = std.out, std.err, life.intact
	if settings, err := container.ReadSettings(dir); err == nil {
		options.PartSize = settings.Log.MaxSize
	}
	if ctx.Bool("follow") {
		options.Alive = life.goesOn
		if spec, err := readSpec(root, c.ID); err == nil && spec.Process != nil {
			options.Terminal = spec.Process.Terminal
		}
	}
	report, err := replay.Print(context.Background(), filepath.Join(dir, "log"), options)
	if errors.Is(err, unix.EPIPE) {
		return &exit{code: 128 + int(unix.SIGPIPE)} // nobody reads any more
	}
	if report.Lost > 0 {
		fmt.Fprintf(std.err, "lab: %d bytes are missing: they could not be written, the disk was full\n", report.Lost)
	}
	if report.Removed > 0 {
		fmt.Fprintf(std.err, "lab: %d parts of the log are missing: they were removed (--log-opt max-file) before they could be printed\n", report.Removed)
	}
	if life.orphan && err == nil {
		return fmt.Errorf("container %s runs on, but its monitor was killed: nobody writes its log any more", c.Name)
	}
	switch {
	case err != nil || !report.Gone:
		return err
	case report.Begun:
		return fmt.Errorf("container %s was removed while its log was read: some of it may be missing", c.Name)
	}
	return fmt.Errorf("container %s was removed before its log could be read", c.Name)
}

func logsOptions(ctx *cli.Context) (o replay.Options, err error) {
	o.Timestamps, o.Tail = ctx.Bool("timestamps"), -1
	if tail := ctx.String("tail"); tail != "all" {
		if o.Tail, err = strconv.ParseInt(tail, 10, 64); err != nil {
			return o, &exit{code: 1, err: fmt.Errorf("invalid number of lines: %q: want a number or all", tail)}
		}
	}
	now := time.Now()
	for name, t := range map[string]*time.Time{"since": &o.Since, "until": &o.Until} {
		if text := ctx.String(name); text != "" {
			if *t, err = parseMoment(text, now); err != nil {
				return o, err
			}
		}
	}
	return o, nil
}

// life watches a container whose log is followed.
type life struct {
	root, dir string
	broken    bool // its record was damaged or missing from the beginning
	orphan    bool // it runs, but its monitor does not
	swept     time.Time
}

// goesOn says whether more may come. A monitor notes the end when all that the container wrote is in the log.
func (l *life) goesOn() bool {
	state, err := container.ReadState(l.dir)
	if err != nil {
		return false // it is removed
	}
	switch state.Status {
	case container.Running, container.Paused:
		// A process with the monitor's pid that started after the container did is another one.
		if started := container.StartTime(state.Monitor); started != 0 && started <= state.StartTime {
			return true
		}
		if now, err := container.ReadState(l.dir); err == nil && now.Status != state.Status {
			return now.Status == container.Restarting // it has just ended
		}
		l.orphan = state.Alive()
	case container.Restarting:
		if time.Since(l.swept) > 2*time.Second { // the record does not say who is about to start it: perhaps nobody is any more
			_ = sweep(l.root)
			l.swept = time.Now()
		}
		return true
	}
	return false
}

// intact says whether nothing of the container was removed yet. Who removes one writes so into its record first; a container that removes
// itself writes that it has exited, and then removes the note of its end before all else.
func (l *life) intact() bool {
	if l.broken { // nothing to go by but its directory, which is gone after a moment
		for range 100 {
			if _, err := os.Stat(l.dir); err != nil {
				return false
			}
			time.Sleep(time.Millisecond)
		}
		return true
	}
	state, err := container.ReadState(l.dir)
	if err != nil || state.Status == container.Removing {
		return false
	}
	if state.Status != container.Exited || !state.Remove {
		return true
	}
	_, err = os.Stat(filepath.Join(l.dir, loop.EndFile))
	return err == nil
}
