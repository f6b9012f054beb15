package kernel

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// ends are the ends of the pipes of all forks in progress in this process. A child is born with copies of all of them, and an end of
// another fork's pipe that is open in it hides from that fork that its own child has died, or that its caller has given up: of
// two processes between, each could wait for the other for ever. Close-on-exec comes too late, for they wait before they execute
// anything. So each child begins by closing those that are not its own.
//
// The lock is held around making, closing and inheriting an end: a number in the list always is that end, and nothing else.
var ends endList

type endList struct {
	sync.Mutex
	open []int
}

// except adds to list all ends but the child's own.
func (e *endList) except(list []int, own ...int) []int {
	for _, fd := range e.open {
		if !slices.Contains(own, fd) {
			list = append(list, fd)
		}
	}
	return list
}

// pipe makes one of the fork's pipes.
func (f *forking) pipe(p *[2]int) error {
	ends.Lock()
	defer ends.Unlock()
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		*p = [2]int{-1, -1}
		return err
	}
	ends.open = append(ends.open, p[:]...)
	return nil
}

// closeEnd closes an end, once.
func closeEnd(fd *int) {
	if *fd < 0 {
		return
	}
	ends.Lock()
	defer ends.Unlock()
	_ = unix.Close(*fd)
	ends.open = slices.DeleteFunc(ends.open, func(open int) bool { return open == *fd })
	*fd = -1
}
