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
