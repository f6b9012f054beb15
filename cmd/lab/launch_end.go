package main

import (
	"os"
	"strconv"
	"time"
)

// started runs beside the program: it cleans up after labs that died, and records the container. Here are only those that lab stays with
// (see [request.stays]) and that are removed at their end: one that ends at once is never seen by anybody, so its record can wait a moment.
func (l *launch) started(pid int, ended <-chan struct{}) {
	if _, err := l.store.Sweep(doers(l.store, l.machine)); err != nil {
		complain(l.std.err, err)
	}
	l.tell("create", nil)
	l.tell("start", nil)
	select {
	case <-ended:
		return
	case <-time.After(recordAfter):
	}
	if err := l.recordRun(pid, 0); err != nil {
		complain(l.std.err, err)
	}
}

const recordAfter = 20 * time.Millisecond

// settle removes a container that ran and that lab stayed with. What could not be undone in the kernel (failed) is tried again.
func (l *launch) settle(code int, failed error) error {
	l.tell("die", map[string]string{"exitCode": strconv.Itoa(code)})
	undo := ran(l.store, l.machine)
	if failed != nil {
		complain(l.std.err, failed)
		undo = doers(l.store, l.machine)
	}
	if err := l.ledger.Undo(undo); err != nil {
		return err
	}
	l.tell("destroy", nil)
	return nil
}

// abandon takes back everything when the program never ran.
func (l *launch) abandon() {
	if l.wroteID {
		_ = os.Remove(l.request.cidfile)
	}
	if l.ledger == nil {
		return
	}
	if err := l.ledger.Undo(neverRan(l.store, l.machine)); err != nil {
		complain(l.std.err, err)
	}
}
