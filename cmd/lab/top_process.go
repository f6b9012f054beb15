package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// moment is what the figures of all processes are measured by.
type moment struct {
	at     time.Time
	uptime time.Duration
	page   int
	memory uint64            // of the machine, bytes
	users  map[uint32]string // found already
}

const ticks = 100 // a second: USER_HZ, which proc_pid_stat(5) counts in, on every machine that lab is built for

func readNow() (*moment, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return nil, fmt.Errorf("ask how long the machine runs: %w", err)
	}
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return nil, fmt.Errorf("ask how long the machine runs: %w", err)
	}
	return &moment{at: time.Now(), uptime: time.Duration(up.Nano()), page: os.Getpagesize(), memory: info.Totalram * uint64(info.Unit), users: map[uint32]string{}}, nil
}

// process is what proc_pid_stat(5), proc_pid_status(5) and proc_pid_cmdline(5) say.
type process struct {
	now                                                   *moment
	pid                                                   int
	uid, gid                                              uint32
	comm, state, cmdline, inside                          string
	ppid, pgrp, session, tty, foreground                  int64
	priority, nice, threads, start, vsize, rss, processor int64
	used                                                  time.Duration
	locked                                                bool
}

func readProcess(pid int, now *moment) (*process, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	data, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return nil, gone(err)
	}
	p := &process{now: now, pid: pid}
	begin, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')') // the name may hold anything
	fields := strings.Fields(string(data[end+1:]))
	if begin < 0 || end < begin || len(fields) < 37 {
		return nil, fmt.Errorf("read %s/stat: it is not what proc_pid_stat(5) says", dir)
	}
	p.comm, p.state = string(data[begin+1:end]), fields[0]
	n := func(i int) int64 { v, _ := strconv.ParseInt(fields[i-3], 10, 64); return v } // by the man page's numbers
	p.ppid, p.pgrp, p.session, p.tty, p.foreground = n(4), n(5), n(6), n(7), n(8)
	p.used = time.Duration(n(14)+n(15)) * time.Second / ticks
	p.priority, p.nice, p.threads, p.start = n(18), n(19), n(20), n(22)
	p.vsize, p.rss, p.processor = n(23), n(24)*int64(now.page), n(39)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return nil, gone(err)
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		words := strings.Fields(value)
		switch {
		case key == "Uid" && len(words) > 1:
			id, _ := strconv.ParseUint(words[1], 10, 32)
			p.uid = uint32(id)
		case key == "Gid" && len(words) > 1:
			id, _ := strconv.ParseUint(words[1], 10, 32)
			p.gid = uint32(id)
		case key == "NSpid" && len(words) > 0:
			p.inside = words[len(words)-1]
		case key == "VmLck" && len(words) > 0:
			p.locked = words[0] != "0"
		}
	}
	cmdline, _ := os.ReadFile(dir + "/cmdline")
	p.cmdline = strings.TrimSpace(string(bytes.ReplaceAll(cmdline, []byte{0}, []byte(" "))))
	return p, nil
}

// gone says of a process that ended while it was looked at (ESRCH) that it does not exist.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return os.ErrNotExist
	}
	return err
}

func (p *process) command() string {
	if p.cmdline == "" {
		return "[" + p.comm + "]"
	}
	return p.cmdline
}

// user is the host's name for the user.
func (p *process) user() string {
	name, known := p.now.users[p.uid]
	if !known {
		name = strconv.FormatUint(uint64(p.uid), 10)
		if u, err := user.LookupId(name); err == nil {
			name = u.Username
		}
		p.now.users[p.uid] = name
	}
	return name
}

func (p *process) age() time.Duration {
	return max(p.now.uptime-time.Duration(p.start)*time.Second/ticks, 0)
}
func (p *process) started() time.Time { return p.now.at.Add(-p.age()) }

func (p *process) startText() string {
	began := p.started()
	if p.now.at.Sub(began) < 24*time.Hour {
		return began.Format("15:04")
	}
	return began.Format("Jan02")
}

// cpu is the percentage of one CPU over the process's whole life.
func (p *process) cpu() float64 {
	if age := p.age(); age > 0 {
		return float64(p.used) / float64(age) * 100
	}
	return 0
}

func (p *process) memory() float64 { return share(uint64(p.rss), p.now.memory) }

// ttyText names the terminal by its device number. A container's own terminals are numbered by its own devpts.
func (p *process) ttyText() string {
	major, minor := unix.Major(uint64(p.tty)), unix.Minor(uint64(p.tty))
	switch {
	case p.tty == 0:
		return "?"
	case major >= 136 && major < 144:
		return "pts/" + strconv.Itoa(int((major-136)<<20|minor))
	case major == 4 && minor < 64:
		return "tty" + strconv.Itoa(int(minor))
	}
	return fmt.Sprintf("%d:%d", major, minor)
}

// stat is the state with ps's letters after it.
func (p *process) stat() string {
	s := p.state
	switch {
	case p.nice < 0:
		s += "<"
	case p.nice > 0:
		s += "N"
	}
	if p.locked {
		s += "L"
	}
	if int64(p.pid) == p.session {
		s += "s"
	}
	if p.threads > 1 {
		s += "l"
	}
	if p.foreground == p.pgrp && p.tty != 0 {
		s += "+"
	}
	return s
}
