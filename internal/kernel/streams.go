package kernel

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Streams puts files on descriptors 0, 1 and 2 of the new process.
func Streams(files ...*os.File) []Op {
	names := [...]string{"standard input", "standard output", "standard error"}
	var ops []Op
	for i, f := range files {
		if f != nil && int(f.Fd()) != i {
			ops = append(ops, Dup3(FD(int(f.Fd())), i).For("set up "+names[i]))
		}
	}
	return ops
}

// StreamsApart copies files whose descriptor is itself a standard one to a higher number, or setting up the first
// stream would overwrite what the second is to be copied from. The caller closes the copies by calling done after the fork.
func StreamsApart(files ...**os.File) (done func(), err error) {
	var own []*os.File
	for i, f := range files {
		if *f == nil || int((*f).Fd()) > 2 || int((*f).Fd()) == i {
			continue
		}
		fd, err := unix.FcntlInt((*f).Fd(), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			closeAll(own)
			return nil, fmt.Errorf("copy the descriptor of %s: %w", (*f).Name(), err)
		}
		*f = os.NewFile(uintptr(fd), (*f).Name())
		own = append(own, *f)
	}
	return func() { closeAll(own) }, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
