package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// processLine is what lists say of one process.
type processLine struct {
	PID     int    `json:"pid"`
	PPID    int    `json:"ppid"`
	User    string `json:"user,omitempty"`
	Command string `json:"command"`
}

// lookAt reads a process; false when it has ended.
func lookAt(pid int, users userNames) (processLine, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return processLine{}, false
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the name may hold anything
	if len(fields) < 2 {
		return processLine{}, false
	}
	p := processLine{PID: pid, Command: commandOf(dir)}
	p.PPID, _ = strconv.Atoi(fields[1])
	if users != nil {
		p.User = users.of(ownerOf(dir))
	}
	return p, true
}

// commandOf is the command line, or the name in brackets where there is none. Processes choose these texts themselves:
// what would move a terminal's cursor becomes "?".
func commandOf(dir string) string {
	line, _ := os.ReadFile(dir + "/cmdline")
	if line = bytes.TrimRight(line[:min(len(line), 4096)], "\x00"); len(line) == 0 {
		name, _ := os.ReadFile(dir + "/comm")
		line = []byte("[" + strings.TrimSpace(string(name)) + "]")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0:
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, string(line))
}

// ownerOf is the effective user of a process: the second number of the line Uid in its status.
func ownerOf(dir string) uint32 {
	status, _ := os.ReadFile(dir + "/status")
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "Uid:"); ok {
			if f := strings.Fields(ids); len(f) > 1 {
				uid, _ := strconv.ParseUint(f[1], 10, 32)
				return uint32(uid)
			}
		}
	}
	return 0
}
