package box

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// top shows the busiest processes until q is pressed; -b prints without clearing, -n stops after so many
// times.
func top(c *call) {
	f := c.parse("bn:d:", "batch=b", "iterations=n", "delay=d")
	rounds := c.number(f.value('n', "0"))
	delay, err := strconv.ParseFloat(f.value('d', "2"), 64)
	if err != nil || delay <= 0 || delay > 3600 {
		c.fail("invalid delay '%s'", f.value('d', ""))
	}
	if _, err := unix.IoctlGetTermios(1, unix.TCGETS); err != nil {
		f.count['b'] = 1
	}
	k := &keys{}
	if !f.has('b') {
		k = openKeys()
		defer k.undo()
	}
	before, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	since := time.Now()
	wait := 200 * time.Millisecond // the first picture is quick
	for i := 0; rounds == 0 || i < rounds; i++ {
		select {
		case key, ok := <-k.pressed:
			if ok && leaves(key) {
				return
			}
			if !ok {
				k.pressed = nil // the terminal is gone; so will be the output
			}
		case <-time.After(wait):
		}
		wait = time.Duration(delay * float64(time.Second))
		now, err := tasks()
		if err != nil {
			c.fail("%s", text(err))
		}
		rows, columns := 1<<20, 1<<20
		if !f.has('b') {
			c.printf("\x1b[H\x1b[2J")
			rows, columns = 24, 80
			if w, err := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ); err == nil && w.Row > 0 && w.Col > 0 {
				rows, columns = int(w.Row), int(w.Col)
			}
		}
		drawTop(c, before, now, time.Since(since), rows, columns)
		if c.out.Flush() != nil {
			return
		}
		before, since = now, time.Now()
	}
}

func drawTop(c *call, before, now []task, span time.Duration, rows, columns int) {
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
		if i+5 > rows {
			break
		}
		line := fmt.Sprintf("%5d %5d %-8.8s %-4s %5s %4.1f %4.1f %s", t.pid, t.ppid, us.name(t.uid), stateOf(&t), human(t.rss),
			float64(t.rss)/float64(max(m["MemTotal"], 1))*100, cpu(t), t.args)
		c.printf("%s\n", line[:min(len(line), columns)])
	}
}
