package main

import (
	"os"
	"strconv"
	"time"

	"github.com/container-labs/lab/pkg/container"
)

// started runs beside the program: it cleans up after labs that died, and records the container. One that is to be removed
// and ends at once is never seen by anybody, so its record can wait a moment.
func (l *launch) started(pid int, ended <-chan struct{}) {
	if _, err := l.store.Sweep(doers(l.store, l.machine)); err != nil {
		complain(l.std.err, err)
	}
	l.tell("create", nil)
	l.tell("start", nil)
	if l.request.remove {
		select {
		case <-ended:
			return
		case <-time.After(recordAfter):
		}
	}
	if err := l.recordRun(pid, 0); err != nil {
		complain(l.std.err, err)
	}
}

const recordAfter = 20 * time.Millisecond

// settle ends a container that ran: with --rm nothing remains of it, else its record and its layer do. What could not be undone
// in the kernel (failed) stays in the ledger.
func (l *launch) settle(code int, failed error) error {
	if failed != nil {
		complain(l.std.err, failed)
	}
	l.tell("die", map[string]string{"exitCode": strconv.Itoa(code)})
	if l.request.remove {
		undo := ran(l.store, l.machine)
		if failed != nil {
			undo = doers(l.store, l.machine)
		}
		err := l.ledger.Undo(undo)
		if err == nil {
			l.tell("destroy", nil)
		}
		return err
	}
	if _, err := container.ChangeState(l.store.Container(l.id), func(s *container.State) error { // it may have another name by now
		s.Ended(code, time.Now())
		return nil
	}); err != nil {
		return err
	}
	if failed != nil {
		l.ledger.Leave()
		return nil
	}
	return l.ledger.Done()
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
