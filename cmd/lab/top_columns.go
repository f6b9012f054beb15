package main

import (
	"fmt"
	"strings"
	"time"
)

// column is one of ps(1)'s.
type column struct {
	header string
	value  func(*process) string
}

// psColumns reads what docker top passes on to ps.
func psColumns(args []string) ([]column, error) {
	if len(args) == 0 {
		return columnsOf(psFull)
	}
	var list []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-o" || arg == "o" || arg == "-eo" || arg == "--format":
			if i++; i == len(args) {
				return nil, fmt.Errorf("option %s of ps wants a list of columns", arg)
			}
			list = append(list, splitColumns(args[i])...)
		case strings.HasPrefix(arg, "--format="):
			list = append(list, splitColumns(arg[len("--format="):])...)
		case strings.HasPrefix(arg, "-o") || strings.HasPrefix(arg, "-eo"):
			_, names, _ := strings.Cut(arg, "o")
			list = append(list, splitColumns(names)...)
		default:
			form, err := psForm(arg)
			if err != nil {
				return nil, err
			}
			if form != "" && len(list) == 0 {
				list = splitColumns(form)
			}
		}
	}
	if len(list) == 0 {
		return columnsOf(psShort)
	}
	return columnsOf(strings.Join(list, ","))
}

// The columns of ps -ef, ps aux, ps -l and ps alone.
const (
	psFull  = "user=UID,pid,ppid,c,stime,tty,time,cmd"
	psUser  = "user,pid,pcpu,pmem,vsz,rss,tty=TTY,stat,start,bsdtime=TIME,command"
	psLong  = "s,uid,pid,ppid,c,pri,ni,sz,tty,time,comm=CMD"
	psShort = "pid,tty,time,comm=CMD"
)

// psForm knows letters together: -ef, aux. Which processes are shown they do not change: it is the container's.
func psForm(arg string) (string, error) {
	form := ""
	letters := strings.TrimPrefix(arg, "-")
	dash := letters != arg
	for _, letter := range letters {
		switch {
		case letter == 'f' && dash, letter == 'F' && dash:
			form = psFull
		case letter == 'u' && !dash:
			form = psUser
		case letter == 'l':
			form = psLong
		case strings.ContainsRune("eAax wHf", letter):
		default:
			return "", fmt.Errorf("lab top does not know the option %q of ps: it knows -ef, aux and -o COLUMNS", arg)
		}
	}
	return form, nil
}

// splitColumns takes commas, blanks, and a header of one's own after the last column's =.
func splitColumns(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func columnsOf(text string) ([]column, error) {
	var list []column
	for _, name := range splitColumns(text) {
		name, header, own := strings.Cut(name, "=")
		c, known := findColumn(name)
		if !known {
			return nil, fmt.Errorf("lab top does not know the column %q of ps", name)
		}
		if own {
			c.header = header
		}
		list = append(list, c)
	}
	return list, nil
}

func findColumn(name string) (column, bool) {
	number := func(n int64) string { return fmt.Sprint(n) }
	switch name {
	case "user", "euser", "uname":
		return column{"USER", func(p *process) string { return p.user() }}, true
	case "uid", "euid":
		return column{"UID", func(p *process) string { return fmt.Sprint(p.uid) }}, true
	case "gid", "egid":
		return column{"GID", func(p *process) string { return fmt.Sprint(p.gid) }}, true
	case "pid", "tgid":
		return column{"PID", func(p *process) string { return number(int64(p.pid)) }}, true
	case "ppid":
		return column{"PPID", func(p *process) string { return number(p.ppid) }}, true
	case "pgid", "pgrp":
		return column{"PGID", func(p *process) string { return number(p.pgrp) }}, true
	case "sid", "sess", "session":
		return column{"SID", func(p *process) string { return number(p.session) }}, true
	case "nspid":
		return column{"NSPID", func(p *process) string { return p.inside }}, true
	case "c":
		return column{"C", func(p *process) string { return number(int64(min(p.cpu(), 99))) }}, true
	case "pcpu", "%cpu":
		return column{"%CPU", func(p *process) string { return fmt.Sprintf("%.1f", p.cpu()) }}, true
	case "pmem", "%mem":
		return column{"%MEM", func(p *process) string { return fmt.Sprintf("%.1f", p.memory()) }}, true
	case "vsz", "vsize":
		return column{"VSZ", func(p *process) string { return number(p.vsize >> 10) }}, true
	case "rss", "rssize":
		return column{"RSS", func(p *process) string { return number(p.rss >> 10) }}, true
	case "sz":
		return column{"SZ", func(p *process) string { return number(p.vsize / int64(p.now.page)) }}, true
	case "stime", "start", "start_time", "bsdstart":
		header := map[bool]string{true: "STIME", false: "START"}[name == "stime"]
		return column{header, func(p *process) string { return p.startText() }}, true
	case "lstart":
		return column{"STARTED", func(p *process) string { return p.started().Format("Mon Jan _2 15:04:05 2006") }}, true
	case "etime":
		return column{"ELAPSED", func(p *process) string { return elapsed(p.age()) }}, true
	case "etimes":
		return column{"ELAPSED", func(p *process) string { return number(int64(p.age() / time.Second)) }}, true
	case "tty", "tt", "tname":
		return column{"TTY", func(p *process) string { return p.ttyText() }}, true
	case "time", "cputime":
		return column{"TIME", func(p *process) string { return clockText(p.used) }}, true
	case "bsdtime":
		return column{"TIME", func(p *process) string { s := int(p.used / time.Second); return fmt.Sprintf("%d:%02d", s/60, s%60) }}, true
	case "s", "state":
		return column{"S", func(p *process) string { return p.state }}, true
	case "stat":
		return column{"STAT", func(p *process) string { return p.stat() }}, true
	case "ni", "nice":
		return column{"NI", func(p *process) string { return number(p.nice) }}, true
	case "pri":
		return column{"PRI", func(p *process) string { return number(39 - p.priority) }}, true
	case "nlwp", "thcount":
		return column{"NLWP", func(p *process) string { return number(p.threads) }}, true
	case "psr":
		return column{"PSR", func(p *process) string { return number(p.processor) }}, true
	case "comm", "ucmd", "ucomm":
		return column{"COMMAND", func(p *process) string { return p.comm }}, true
	case "cmd":
		return column{"CMD", func(p *process) string { return p.command() }}, true
	case "args", "command":
		return column{"COMMAND", func(p *process) string { return p.command() }}, true
	}
	return column{}, false
}

func clockText(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// elapsed is [[DD-]hh:]mm:ss.
func elapsed(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case s >= 86400:
		return fmt.Sprintf("%d-%02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
	case s >= 3600:
		return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}
