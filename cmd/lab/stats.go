package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

func statsCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "stats", Usage: "show what containers use", ArgsUsage: "[CONTAINER…]",
		Description: `Reads the figures of each container's cgroup and of its network, once a second; Ctrl-C ends it.
Without names: of all that run.

EXAMPLE:
   lab stats --no-stream`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "containers that do not run too"},
			&cli.BoolFlag{Name: "no-stream", Usage: "print the figures once"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print ids in full"},
		}, formatFlags()...),
		Action: func(ctx *cli.Context) error { return statsAction(ctx, std) },
	}
}

// statsRow is what a container uses, as it is printed.
type statsRow struct {
	asked string // the name that the person gave
	state container.State

	cpu                   float64 // percent of one CPU
	memory, limit         uint64
	received, sent        uint64
	blockRead, blockWrite uint64
	pids                  uint64
}

func statsAction(ctx *cli.Context, std streams) error {
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	s := &statistics{root: ctx.String("root"), machine: m, names: ctx.Args().Slice(), all: ctx.Bool("all")}
	l := statsListing(ctx.Bool("no-trunc"))
	if ctx.Bool("no-stream") {
		rows, err := s.once()
		if err != nil {
			return err
		}
		return l.print(std.out, formatOf(ctx), false, rows)
	}
	live, cancel := interruptible(ctx.Context)
	defer cancel()
	screen := &screen{out: std.out, fd: int(std.out.Fd()), terminal: isTerminal(int(std.out.Fd())), table: formatOf(ctx) == "" || formatOf(ctx) == "table"}
	err = s.follow(live, func(rows []statsRow) error { return screen.draw(l, formatOf(ctx), rows) })
	if screen.drawn && live.Err() != nil {
		fmt.Fprintln(std.out) // the terminal has written ^C there
	}
	return err
}

func statsListing(full bool) listing[statsRow] {
	return listing[statsRow]{
		fields: []field[statsRow]{
			{"Container", "CONTAINER", func(f statsRow) string { return f.asked }},
			{"ID", "CONTAINER ID", func(f statsRow) string {
				if full {
					return f.state.ID
				}
				return short(f.state.ID)
			}},
			{"Name", "NAME", func(f statsRow) string { return f.state.Name }},
			{"CPUPerc", "CPU %", func(f statsRow) string { return fmt.Sprintf("%.2f%%", f.cpu) }},
			{"MemUsage", "MEM USAGE / LIMIT", func(f statsRow) string {
				return units.BytesSize(float64(f.memory)) + " / " + units.BytesSize(float64(f.limit))
			}},
			{"MemPerc", "MEM %", func(f statsRow) string { return fmt.Sprintf("%.2f%%", share(f.memory, f.limit)) }},
			{"NetIO", "NET I/O", func(f statsRow) string { return twoSizes(f.received, f.sent) }},
			{"BlockIO", "BLOCK I/O", func(f statsRow) string { return twoSizes(f.blockRead, f.blockWrite) }},
			{"PIDs", "PIDS", func(f statsRow) string { return fmt.Sprint(f.pids) }},
		},
		table: []string{"ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"},
		quiet: "ID",
	}
}

func twoSizes(a, b uint64) string {
	return units.HumanSizeWithPrecision(float64(a), 3) + " / " + units.HumanSizeWithPrecision(float64(b), 3)
}

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole) * 100
}

// screen draws the live table over itself.
type screen struct {
	out             io.Writer
	fd              int
	terminal, table bool
	drawn           bool
}

const narrow = 110 // columns that the whole table may need

// draw leaves the id away where the terminal is narrow, and cuts what is still too long: a line that wraps would push the others away.
func (s *screen) draw(l listing[statsRow], format string, rows []statsRow) error {
	width := 0
	if size, err := unix.IoctlGetWinsize(s.fd, unix.TIOCGWINSZ); s.terminal && err == nil {
		width = int(size.Col)
	}
	if s.table && width > 0 && width < narrow {
		l.table = l.table[1:]
	}
	var text bytes.Buffer
	if err := l.print(&text, format, false, rows); err != nil {
		return err
	}
	if !s.terminal {
		_, err := s.out.Write(text.Bytes())
		return err
	}
	var b strings.Builder
	if !s.drawn {
		b.WriteString("\x1b[2J")
		s.drawn = true
	}
	b.WriteString("\x1b[H")
	for line := range strings.Lines(text.String()) {
		line = strings.TrimRight(line, " \n")
		if s.table && width > 0 && width < narrow {
			line = squeeze(line, width)
		}
		b.WriteString(cut(line, width) + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(s.out, b.String())
	return err
}

// squeeze takes one blank of three between columns away.
func squeeze(line string, width int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	return strings.ReplaceAll(line, "   ", "  ")
}

func cut(line string, width int) string {
	if r := []rune(line); width > 0 && len(r) > width {
		return string(r[:width])
	}
	return line
}

// follow prints figures until the person has seen enough, or the containers that were named have gone.
func (s *statistics) follow(ctx context.Context, print func([]statsRow) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	wait := firstInterval
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		rows := s.figures()
		if err := print(rows); err != nil {
			return err
		}
		wait = time.Second
		if err := s.begin(); errors.Is(err, errNoContainer) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
