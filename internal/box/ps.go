package box

import (
	"strconv"
	"strings"
	"time"
)

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
