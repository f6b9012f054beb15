package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupWatchCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME",
		Description: `Reads the group's files on a timer, and /proc/PID/net/dev of its first process: that is all that monitoring is.
In a terminal it is a picture, below the names that the files have in v1 and in v2; through a pipe it is a line each time.
It ends with the group, with Ctrl-C, or after -n times.

EXAMPLE:
   lab cgroup watch demo
   lab cgroup watch -n 5 --interval 200ms demo | cat`,
		Flags: andWatch(
			&cli.IntFlag{Name: "count", Aliases: []string{"n"}, Usage: "look `COUNT` times; 0: until it ends"},
			&cli.DurationFlag{Name: "interval", Usage: "look each `TIME`", Value: time.Second},
			jsonFlag("print one JSON object a line"),
		),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return watchAction(ctx, std, args) }),
	}
}

func watchAction(ctx *cli.Context, std streams, args []string) error {
	if ctx.Int("count") < 0 || ctx.Duration("interval") < 10*time.Millisecond {
		return usage("cgroup watch wants --interval of at least 10ms and a -n that is not negative")
	}
	_, g, err := oneGroup(ctx, args)
	if err != nil {
		return err
	}
	stop, cancel := interruptible(ctx.Context)
	defer cancel()
	v := &viewer{std: std, group: g, json: ctx.Bool("json"), live: isTerminal(int(std.out.Fd())) && !ctx.Bool("json")}
	if err := v.look(); err != nil {
		return err
	}
	if v.live {
		printNames(std.out, g)
	}
	tick := time.NewTicker(ctx.Duration("interval"))
	defer tick.Stop()
	for n := 0; ctx.Int("count") == 0 || n < ctx.Int("count"); n++ {
		select {
		case <-stop.Done():
			return nil
		case <-tick.C:
		}
		if err := v.look(); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(std.err, "lab: the group %s is gone\n", args[0])
			return nil
		} else if err != nil {
			return err
		}
		if err := v.show(); err != nil {
			return err
		}
	}
	return nil
}

// viewer shows one group again and again.
type viewer struct {
	std        streams
	group      *cgroup.Group
	json, live bool

	at      time.Time
	last    cgroup.Stats // of the look before
	now     cgroup.Stats
	use     float64   // CPUs used between the two
	history []float64 // of use
	cpus    float64   // allowed; 0 is no limit
	shown   int       // lines of the picture that are on the screen
}

func (v *viewer) look() error {
	st, err := v.group.Stats()
	if err != nil {
		return err
	}
	at := time.Now()
	if !v.at.IsZero() {
		v.use = float64(st.CPU.Usage-v.now.CPU.Usage) / float64(at.Sub(v.at))
		v.history = append(v.history, v.use)
	}
	v.at, v.last, v.now, v.cpus = at, v.now, st, quotaCPUs(v.group)
	return nil
}

func (v *viewer) show() error {
	switch {
	case v.json:
		j := statsJSON(v.group, v.now)
		j["time"], j["cpus"] = v.at.Format(time.RFC3339Nano), v.use
		return printJSON(v.std.out, j)
	case v.live:
		return v.picture()
	}
	m := v.now.Memory
	_, err := fmt.Fprintf(v.std.out, "%s  cpu %.2f of %s  throttled %d of %d periods  memory %s of %s  pids %d of %s  net %s\n",
		v.at.Format("15:04:05"), v.use, cpusText(v.cpus), v.now.CPU.Throttled-v.last.CPU.Throttled, v.now.CPU.Periods-v.last.CPU.Periods,
		units.BytesSize(float64(m.Usage)), bytesLimit(m.Limit), v.now.PIDs.Current, countLimit(v.now.PIDs.Limit), v.network())
	return err
}

// printNames prints which files the picture is drawn from; a * marks the name that each has here.
func printNames(out io.Writer, g *cgroup.Group) {
	t := &table{right: make([]bool, 3), heads: make([]string, 3)}
	rows := [][]string{{"READ FROM", "V1", "V2"}}
	for _, f := range g.Files() {
		switch f.Meaning {
		case "cpu quota", "cpu throttling", "cpu usage", "memory limit", "memory usage", "memory peak", "memory limit hits", "oom kills", "pids limit", "pids":
			names := bothNames(f)
			rows = append(rows, []string{f.Meaning, names[1], names[2]})
		}
	}
	t.write(out, rows, 0)
	fmt.Fprintln(out)
}

// picture draws over the picture before. No line may be longer than the terminal is wide: it would take two, and the next
// picture would begin too low.
func (v *viewer) picture() error {
	m, p, c := v.now.Memory, v.now.PIDs, v.now.CPU
	lines := []string{
		"group    " + shownAs(v.group.Path) + v.frozen(),
		fmt.Sprintf("cpu      %s %.2f of %s CPUs", drawnBar(v.use, orDefault(v.cpus, 1)), v.use, cpusText(v.cpus)),
		fmt.Sprintf("         %s", sparks(v.history, v.cpus)),
		fmt.Sprintf("         throttled in %d of the last %d periods, in all %d of %d, waiting %s", c.Throttled-v.last.CPU.Throttled, c.Periods-v.last.CPU.Periods, c.Throttled, c.Periods, c.ThrottledTime.Round(time.Millisecond)),
		fmt.Sprintf("memory   %s %s of %s", drawnBar(float64(m.Usage), limitOr(m.Limit, machineMemory())), units.BytesSize(float64(m.Usage)), bytesLimit(m.Limit)),
		fmt.Sprintf("         at most %s, limit hit %d times, %d killed", units.BytesSize(float64(m.Peak)), m.LimitHits, m.OOMKills),
		fmt.Sprintf("pids     %s %d of %s", drawnBar(float64(p.Current), limitOr(p.Limit, 0)), p.Current, countLimit(p.Limit)),
		fmt.Sprintf("net      %s", v.network()),
	}
	var b strings.Builder
	if v.shown > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.shown)
	}
	columns := terminalWidth(v.std.out)
	for _, line := range lines {
		b.WriteString("\r\x1b[K" + cutOff(line, columns) + "\n")
	}
	v.shown = len(lines)
	_, err := v.std.out.WriteString(b.String())
	return err
}

func (v *viewer) frozen() string {
	if state, err := v.group.State(); err == nil && state == cgroup.Frozen {
		return ", frozen"
	}
	return ""
}

func (v *viewer) network() string {
	received, sent, ok := traffic(v.group)
	if !ok {
		return "-"
	}
	return units.BytesSize(float64(received)) + " in, " + units.BytesSize(float64(sent)) + " out"
}

const barWidth = 30

func drawnBar(value, whole float64) string {
	full := 0
	if whole > 0 {
		full = min(barWidth, int(value/whole*barWidth+0.5))
	}
	return strings.Repeat("█", full) + strings.Repeat("·", barWidth-full)
}

// sparks draws the last values as small columns. The highest stands for a CPU, or for more where more was used or is allowed,
// and does not follow a quota down: what a quota takes away is seen to go.
func sparks(history []float64, cpus float64) string {
	const columns = "▁▂▃▄▅▆▇█"
	shown, whole := history[max(0, len(history)-barWidth):], max(cpus, 1)
	for _, v := range shown {
		whole = max(whole, v)
	}
	var b strings.Builder
	for _, v := range shown {
		b.WriteRune([]rune(columns)[max(0, min(7, int(v/whole*8)))])
	}
	return b.String()
}

func orDefault(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

func limitOr(limit, otherwise uint64) float64 {
	if limit == cgroup.Unlimited || limit == 0 {
		return float64(otherwise)
	}
	return float64(limit)
}

func cpusText(cpus float64) string {
	if cpus == 0 {
		return "all"
	}
	return strconv.FormatFloat(cpus, 'f', 2, 64)
}

func bytesLimit(limit uint64) string {
	if limit == cgroup.Unlimited || limit == 0 {
		return "all"
	}
	return units.BytesSize(float64(limit))
}

func countLimit(limit uint64) string {
	if limit == cgroup.Unlimited || limit == 0 {
		return "any number"
	}
	return strconv.FormatUint(limit, 10)
}

// traffic sums up what the network devices of the group's first process have seen, loopback left out; see
// proc_pid_net(5). False where there is no process.
func traffic(g *cgroup.Group) (received, sent uint64, ok bool) {
	pids, err := g.Procs()
	if err != nil || len(pids) == 0 {
		return 0, 0, false
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pids[0]) + "/net/dev")
	if err != nil {
		return 0, 0, false
	}
	received, sent = interfaces(text)
	return received, sent, true
}
