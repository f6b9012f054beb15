package monitor

import (
	"time"

	"golang.org/x/sys/unix"
)

// interrupts counts how often somebody asked the container to end. Its first process is PID 1 of its namespace and ignores what it
// has no handler for, so the third time in a row, each within a second of the one before, is meant for lab.
type interrupts struct {
	count int
	last  time.Time
}

func (i *interrupts) third(sig unix.Signal) bool {
	if sig != unix.SIGINT && sig != unix.SIGTERM {
		return false
	}
	if time.Since(i.last) > time.Second {
		i.count = 0
	}
	i.last = time.Now()
	i.count++
	return i.count == 3
}
