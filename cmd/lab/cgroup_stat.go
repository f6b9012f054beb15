package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/fold"
	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupStatCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "NAME",
		Description: `A * marks the name that the file has on this machine. NAME may be a container: this is where its figures come from.

EXAMPLE:
   lab cgroup stat demo`,
		Flags:  andWatch(jsonFlag("print one JSON object")),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return statAction(ctx, std, args) }),
	}
}

type fileJSON struct {
	Meaning string `json:"meaning"`
	V1      string `json:"v1"`
	V2      string `json:"v2"`
	Version int    `json:"version"`
	Path    string `json:"path"`
	Text    string `json:"text"`
}

func statAction(ctx *cli.Context, std streams, args []string) error {
	m, g, err := oneGroup(ctx, args)
	if err != nil {
		return err
	}
	if !ctx.Bool("json") {
		fmt.Fprintf(std.out, "cgroups are %s here; the group is\n   %s\nbelow each of\n", m.Mode, g.Path)
		for _, dir := range g.Dirs() {
			fmt.Fprintln(std.out, "  ", strings.TrimSuffix(dir, "/"+g.Path))
		}
		fmt.Fprintln(std.out)
		printFiles(std.out, g, nil)
		return nil
	}
	about, err := describeGroup(g)
	if err != nil {
		return err
	}
	st, err := g.Stats()
	if err != nil {
		return err
	}
	files := []fileJSON{}
	for _, f := range g.Files() {
		files = append(files, fileJSON{f.Meaning, f.V1, f.V2, f.Version, f.Path, f.Text})
	}
	return printJSON(std.out, map[string]any{"group": about, "mode": m.Mode.String(), "directories": g.Dirs(), "stats": statsJSON(g, st), "files": files})
}

// statsJSON has the figures in the units of the kernel's v2 files: µs and bytes; a limit that is not there is left out.
func statsJSON(g *cgroup.Group, st cgroup.Stats) map[string]any {
	j := map[string]any{
		"cpu_usec": st.CPU.Usage.Microseconds(), "periods": st.CPU.Periods, "throttled": st.CPU.Throttled,
		"throttled_usec": st.CPU.ThrottledTime.Microseconds(),
		"memory":         st.Memory.Usage, "memory_peak": st.Memory.Peak, "limit_hits": st.Memory.LimitHits, "oom_kills": st.Memory.OOMKills,
		"pids": st.PIDs.Current, "read_bytes": st.IO.ReadBytes, "write_bytes": st.IO.WriteBytes,
	}
	if cpus := quotaCPUs(g); cpus != 0 {
		j["cpus_limit"] = cpus
	}
	if st.Memory.Limit != cgroup.Unlimited && st.Memory.Limit != 0 {
		j["memory_limit"] = st.Memory.Limit
	}
	if st.PIDs.Limit != cgroup.Unlimited && st.PIDs.Limit != 0 {
		j["pids_limit"] = st.PIDs.Limit
	}
	if received, sent, ok := traffic(g); ok {
		j["net_received"], j["net_sent"] = received, sent
	}
	return j
}

// printFiles prints the files of a group with their two names; only those that are asked for, nil being all.
func printFiles(out io.Writer, g *cgroup.Group, only map[string]bool) {
	t := &table{heads: []string{"WHAT", "IS", "V1", "V2"}, right: make([]bool, 4)}
	rows := [][]string{t.heads}
	for _, f := range g.Files() {
		if only != nil && !only[f.Meaning] || f.Meaning == "cpu period" && f.Version == 2 { // the same file as the quota's there
			continue
		}
		names := bothNames(f)
		rows = append(rows, []string{f.Meaning, brief(f), names[1], names[2]})
	}
	switch columns := terminalWidth(out); {
	case len(rows) == 1:
	case columns > 0 && widest(rows) > columns:
		writeFolded(out, rows, columns)
	default:
		t.write(out, rows, 0)
	}
}

// bothNames are a file's names in v1, at 1, and in v2, at 2, with a * behind the one that it has here.
func bothNames(f cgroup.File) (names [3]string) {
	names = [3]string{"", f.V1, f.V2}
	names[f.Version] += "*"
	return names
}

// widest is how long the lines of a table are.
func widest(rows [][]string) int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	sum := len(widths) - 1
	for _, w := range widths {
		sum += w
	}
	return sum
}

// writeFolded prints each file on two lines, for a terminal that is too narrow for one: what it is and says, and below it the
// two names, still side by side.
func writeFolded(out io.Writer, rows [][]string, columns int) {
	what, v1 := 0, 0
	for _, row := range rows {
		what, v1 = max(what, len(row[0])), max(v1, len(row[2]))
	}
	for _, row := range rows {
		line := fmt.Sprintf("%-*s %s", what, row[0], fold.Text(row[1], what+1, columns))
		fmt.Fprintln(out, strings.TrimRight(line, " "))
		fmt.Fprintf(out, "    %-*s %s\n", v1, row[2], row[3])
	}
}

// brief is a file's text on one line.
func brief(f cgroup.File) string {
	lines := strings.Split(f.Text, "\n")
	if len(lines) == 1 {
		return f.Text + inWords(f)
	}
	switch f.Meaning {
	case "members", "member threads":
		return strings.Join(lines[:min(len(lines), 5)], " ") + andMore(len(lines)-5)
	}
	var told []string
	for _, line := range lines {
		if interesting(f.Meaning, line) {
			told = append(told, line)
		}
	}
	return strings.Join(told, ", ")
}

func andMore(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// interesting chooses the lines of a long file.
func interesting(meaning, line string) bool {
	key, _, _ := strings.Cut(line, " ")
	switch meaning {
	case "cpu throttling":
		return key == "nr_periods" || key == "nr_throttled" || strings.HasPrefix(key, "throttled_")
	case "cpu usage":
		return key == "usage_usec" || key == "user_usec" || key == "system_usec"
	case "memory figures":
		return key == "cache" || key == "rss" || key == "anon" || key == "file"
	case "memory limit hits":
		return key == "max" || key == "high"
	case "oom kills":
		return key == "oom_kill" || key == "under_oom" || key == "oom"
	}
	return true
}

// inWords adds the number of bytes as people say it.
func inWords(f cgroup.File) string {
	n, ok := f.Number()
	switch {
	case !ok:
		return ""
	case n == cgroup.Unlimited:
		return " (no limit)"
	case strings.HasPrefix(f.Meaning, "memory") && f.Meaning != "memory nodes" && f.Meaning != "memory limit hits" && n >= 1024:
		return " (" + units.BytesSize(float64(n)) + ")"
	case f.Meaning == "cpu usage":
		return " (" + strconv.FormatFloat(float64(n)/1e9, 'f', 2, 64) + " s)"
	}
	return ""
}
