package container

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Process is what the kernel says of a process in /proc/PID/stat (proc_pid_stat(5)).
type Process struct {
	Ended    bool   // there is none, or it has ended and nobody has waited for it yet; what it was is known in the latter case
	Executed bool   // something, since it was forked
	Start    uint64 // when it started, in clock ticks since boot
}

// ReadProcess looks at a process. The error means that nobody knows whether there is one.
func ReadProcess(pid int) (Process, error) {
	var buffer [1024]byte
	data, err := readAt(unix.AT_FDCWD, "/proc/"+strconv.Itoa(pid)+"/stat", buffer[:])
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return Process{Ended: true}, nil
	}
	if err != nil {
		return Process{}, err
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // from the third on; the command's name may hold anything
	if len(fields) < 20 {
		return Process{Ended: true}, nil
	}
	const forkedOnly = 0x40 // PF_FORKNOEXEC of the kernel's include/linux/sched.h
	flags, _ := strconv.ParseUint(fields[6], 10, 64)
	start, _ := strconv.ParseUint(fields[19], 10, 64)
	return Process{Ended: fields[0] == "Z" || fields[0] == "X", Executed: flags&forkedOnly == 0, Start: start}, nil
}
