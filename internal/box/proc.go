package box

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// task is what /proc/PID/{stat,status,cmdline} say about a process, see proc(5).
type task struct {
	pid, ppid, pgrp, session, tty, nice, threads, uid int
	state                                             byte
	comm                                              string
	args                                              string
	ticks                                             uint64 // user and system time, 1/100 s
	start                                             uint64 // since boot, 1/100 s
	vsize, rss                                        uint64 // bytes
}

const ticksPerSecond = 100 // USER_HZ, a constant of the kernel's interface

// tasks reads all processes that are visible, by pid.
func tasks() ([]task, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return nil, err
	}
	var out []task
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			if t, ok := readTask(pid); ok {
				out = append(out, t)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("nothing is mounted on /proc (mount -t proc proc /proc)")
	}
	slices.SortFunc(out, func(a, b task) int { return a.pid - b.pid })
	return out, nil
}

func readTask(pid int) (t task, ok bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	b, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return t, false
	}
	// comm may hold anything, parentheses and spaces too: the last ')' ends it.
	s := string(b)
	open, shut := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if open < 0 || shut < open {
		return t, false
	}
	t.pid, t.comm = pid, s[open+1:shut]
	f := strings.Fields(s[shut+1:])
	if len(f) < 22 {
		return t, false
	}
	num := func(i int) int { n, _ := strconv.Atoi(f[i]); return n }
	big := func(i int) uint64 { n, _ := strconv.ParseUint(f[i], 10, 64); return n }
	t.state = f[0][0]
	t.ppid, t.pgrp, t.session, t.tty = num(1), num(2), num(3), num(4)
	t.ticks = big(11) + big(12)
	t.nice, t.threads = num(16), num(17)
	t.start, t.vsize, t.rss = big(19), big(20), big(21)*uint64(os.Getpagesize())
	var st unix.Stat_t
	if unix.Stat(dir, &st) == nil {
		t.uid = int(st.Uid)
	}
	line, _ := os.ReadFile(dir + "/cmdline")
	t.args = strings.TrimRight(strings.ReplaceAll(string(line), "\x00", " "), " ")
	if t.args == "" {
		t.args = "[" + t.comm + "]"
	}
	t.args = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, t.args)
	return t, true
}

func (t *task) ttyName() string {
	if t.tty == 0 {
		return "?"
	}
	major, minor := uint32(t.tty>>8&0xfff), uint32(t.tty&0xff|t.tty>>12&0xfff00)
	switch {
	case major >= 136 && major <= 143:
		return "pts/" + strconv.Itoa(int(major-136)*256+int(minor))
	case major == 4 && minor < 64:
		return "tty" + strconv.Itoa(int(minor))
	case major == 4:
		return "ttyS" + strconv.Itoa(int(minor)-64)
	}
	return "?"
}

// boot gives the time of boot, from /proc/stat.
func boot() time.Time {
	b, _ := os.ReadFile("/proc/stat")
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "btime "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			return time.Unix(n, 0)
		}
	}
	return time.Time{}
}

func minutes(ticks uint64) string {
	s := ticks / ticksPerSecond
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func clock(ticks uint64) string {
	s := ticks / ticksPerSecond
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// ps lists processes: as busybox does, or with "aux" and "-ef" as procps does.
func ps(c *call) {
	bsd, full, columns := false, false, ""
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		switch {
		case a == "-o" && i+1 < len(c.args):
			i++
			columns = c.args[i]
		case strings.HasPrefix(a, "-o"):
			columns = a[2:]
		case a == "--help":
			c.printf("Usage: %s\n", c.usage)
			return
		case strings.HasPrefix(a, "-"):
			if strings.Trim(a[1:], "efAlwjHLT") != "" && strings.Trim(a[1:], "auxw") != "" {
				c.misuse("unrecognized option: %s", a)
			}
			full = full || strings.Contains(a, "f")
			bsd = bsd || strings.Contains(a, "u")
		default:
			bsd = bsd || strings.Contains(a, "u")
		}
	}
	list, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	us, b := users(), boot()
	started := func(t task) time.Time { return b.Add(time.Duration(t.start) * time.Second / ticksPerSecond) }
	day := func(t time.Time) string {
		if time.Since(t) < 24*time.Hour {
			return t.Format("15:04")
		}
		return t.Format("Jan02")
	}
	switch {
	case columns != "":
		psColumns(c, list, strings.Split(columns, ","), us, started)
	case bsd:
		c.printf("USER         PID %%CPU %%MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n")
		total := memInfo()["MemTotal"]
		for _, t := range list {
			cpu := 0.0
			if age := time.Since(started(t)).Seconds(); age > 0 {
				cpu = float64(t.ticks) / ticksPerSecond / age * 100
			}
			mem := float64(t.rss) / float64(max(total, 1)) * 100
			c.printf("%-8s %7d %4.1f %4.1f %6d %5d %-8s %-4s %5s %6s %s\n", us.name(t.uid), t.pid, cpu, mem, t.vsize>>10, t.rss>>10,
				t.ttyName(), stateOf(&t), day(started(t)), minutes(t.ticks), t.args)
		}
	case full:
		c.printf("UID          PID    PPID  C STIME TTY          TIME CMD\n")
		for _, t := range list {
			c.printf("%-8s %7d %7d  0 %5s %-8s %s %s\n", us.name(t.uid), t.pid, t.ppid, day(started(t)), t.ttyName(), clock(t.ticks), t.args)
		}
	default:
		c.printf("PID   USER     TIME  COMMAND\n")
		for _, t := range list {
			c.printf("%5d %-8.8s %5s %s\n", t.pid, us.name(t.uid), minutes(t.ticks), t.args)
		}
	}
}

func stateOf(t *task) string {
	s := string(t.state)
	if t.nice < 0 {
		s += "<"
	} else if t.nice > 0 {
		s += "N"
	}
	if t.session == t.pid {
		s += "s"
	}
	if t.threads > 1 {
		s += "l"
	}
	return s
}

func psColumns(c *call, list []task, cols []string, us *accounts, started func(task) time.Time) {
	value := func(t task, col string) string {
		switch col {
		case "pid":
			return strconv.Itoa(t.pid)
		case "ppid":
			return strconv.Itoa(t.ppid)
		case "pgid", "pgrp":
			return strconv.Itoa(t.pgrp)
		case "sid", "sess":
			return strconv.Itoa(t.session)
		case "user", "uname":
			return us.name(t.uid)
		case "uid":
			return strconv.Itoa(t.uid)
		case "comm", "ucmd":
			return t.comm
		case "args", "cmd", "command":
			return t.args
		case "stat", "s", "state":
			return stateOf(&t)
		case "tty", "tt":
			return t.ttyName()
		case "time":
			return clock(t.ticks)
		case "vsz":
			return strconv.FormatUint(t.vsize>>10, 10)
		case "rss":
			return strconv.FormatUint(t.rss>>10, 10)
		case "nice", "ni":
			return strconv.Itoa(t.nice)
		case "nlwp", "thcount":
			return strconv.Itoa(t.threads)
		case "etime":
			return clock(uint64(time.Since(started(t)).Seconds()) * ticksPerSecond)
		}
		c.fail("bad -o argument '%s'", col)
		return ""
	}
	rows := [][]string{make([]string, len(cols))}
	headless := true
	for i, col := range cols {
		name, title, renamed := strings.Cut(col, "=")
		cols[i] = name
		if !renamed {
			title = strings.ToUpper(name)
		}
		headless = headless && title == ""
		rows[0][i] = title
	}
	for _, t := range list {
		row := make([]string, len(cols))
		for i, col := range cols {
			row[i] = value(t, col)
		}
		rows = append(rows, row)
	}
	if headless {
		rows = rows[1:]
	}
	width := make([]int, len(cols))
	for _, r := range rows {
		for i, v := range r {
			width[i] = max(width[i], len(v))
		}
	}
	for _, r := range rows {
		for i := range r {
			if i < len(r)-1 {
				r[i] += strings.Repeat(" ", width[i]-len(r[i]))
			}
		}
		c.printf("%s\n", strings.Join(r, " "))
	}
}

// memInfo reads /proc/meminfo, in bytes.
func memInfo() map[string]uint64 {
	out := make(map[string]uint64)
	b, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
		out[k] = n << 10
	}
	return out
}

func pidof(c *call) {
	c.parse("sx")
	list, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	var found []string
	for _, a := range c.args {
		for _, t := range slices.Backward(list) {
			if t.comm == a {
				found = append(found, strconv.Itoa(t.pid))
			}
		}
	}
	if len(found) == 0 {
		c.exit(1)
	}
	c.printf("%s\n", strings.Join(found, " "))
}

// top shows the busiest processes; -b prints without clearing, -n stops after so many times.
func top(c *call) {
	f := c.parse("bn:d:", "batch=b", "iterations=n", "delay=d")
	rounds := c.number(f.value('n', "0"))
	delay, err := strconv.ParseFloat(f.value('d', "2"), 64)
	if err != nil || delay <= 0 || delay > 3600 {
		c.fail("invalid delay '%s'", f.value('d', ""))
	}
	height := 24
	if w, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); err == nil && w.Row > 0 {
		height = int(w.Row)
	} else {
		f.count['b'] = 1
	}
	before, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	since := time.Now()
	wait := 200 * time.Millisecond // the first picture is quick
	for i := 0; rounds == 0 || i < rounds; i++ {
		time.Sleep(wait)
		wait = time.Duration(delay * float64(time.Second))
		now, err := tasks()
		if err != nil {
			c.fail("%s", text(err))
		}
		if !f.has('b') {
			c.printf("\x1b[H\x1b[2J")
		}
		drawTop(c, before, now, time.Since(since), height, f.has('b'))
		if c.out.Flush() != nil {
			return
		}
		before, since = now, time.Now()
	}
}

func drawTop(c *call, before, now []task, span time.Duration, height int, batch bool) {
	used := make(map[int]uint64)
	for _, t := range before {
		used[t.pid] = t.ticks
	}
	cpu := func(t task) float64 {
		old, ok := used[t.pid]
		if !ok || t.ticks < old {
			return 0
		}
		return float64(t.ticks-old) / ticksPerSecond / span.Seconds() * 100
	}
	slices.SortStableFunc(now, func(a, b task) int {
		switch x, y := cpu(a), cpu(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	m := memInfo()
	load, _ := os.ReadFile("/proc/loadavg")
	c.printf("Mem: %dK used, %dK free, %dK buff/cache\n", (m["MemTotal"]-m["MemFree"])>>10, m["MemFree"]>>10, (m["Buffers"]+m["Cached"])>>10)
	c.printf("Load average: %s", load)
	c.printf("  PID  PPID USER     STAT   RSS %%MEM %%CPU COMMAND\n")
	us := users()
	for i, t := range now {
		if !batch && i+5 > height {
			break
		}
		c.printf("%5d %5d %-8.8s %-4s %5s %4.1f %4.1f %s\n", t.pid, t.ppid, us.name(t.uid), stateOf(&t), human(t.rss),
			float64(t.rss)/float64(max(m["MemTotal"], 1))*100, cpu(t), t.args)
	}
}
