package ns

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// streams puts files on descriptors 0, 1 and 2 of the new process.
func streams(files ...*os.File) []kernel.Op {
	names := [...]string{"standard input", "standard output", "standard error"}
	var ops []kernel.Op
	for i, f := range files {
		if f != nil && int(f.Fd()) != i {
			ops = append(ops, kernel.Dup3(kernel.FD(int(f.Fd())), i).For("set up "+names[i]))
		}
	}
	return ops
}

// apart copies files whose descriptor is itself a standard one to a higher number, or setting up the first
// stream would overwrite what the second is to be copied from. The caller closes the copies.
func apart(files ...**os.File) (own []*os.File, err error) {
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
	return own, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
