package cgroup

import (
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// step is one directory to make, or one file to write, a value at a time.
type step struct {
	mkdir  string
	parent bool // the directory may be there already

	path   string
	values []string
}

// scratch is the slot for the files that a list of ops writes one after another.
const scratch kernel.Slot = 31

func (s step) mkdirOp() kernel.Op {
	if s.parent {
		return kernel.Mkdir(s.mkdir, 0o755).Ignoring(unix.EEXIST).For("make the parent group " + s.mkdir)
	}
	return kernel.Mkdir(s.mkdir, 0o755).For("make the group " + s.mkdir)
}

// appendOps spells the step as ops, for a list that is run later.
func (s step) appendOps(ops []kernel.Op) []kernel.Op {
	switch {
	case s.mkdir != "":
		return append(ops, s.mkdirOp())
	case len(s.values) == 1:
		return append(ops, kernel.WriteFile(scratch, s.path, s.values[0])...)
	}
	ops = append(ops, kernel.Open(s.path, unix.O_WRONLY, 0).Into(scratch).For("open "+s.path))
	for _, v := range s.values {
		ops = append(ops, writeOp(scratch.Ref(), s.path, v))
	}
	return append(ops, kernel.Close(scratch.Ref()).For("close "+s.path))
}

// do makes the step now. Unlike the list it closes the file when a write fails.
func (s step) do() error {
	if s.mkdir != "" {
		_, err := kernel.Do(s.mkdirOp())
		return err
	}
	return write(s.path, s.values...)
}

// write writes values to a file, a write(2) each.
func write(path string, values ...string) error {
	fd, err := kernel.Do(kernel.Open(path, unix.O_WRONLY, 0).For("write " + values[0] + " to " + path))
	if err != nil {
		return err
	}
	for _, v := range values {
		if _, err = kernel.Do(writeOp(kernel.FD(fd), path, v)); err != nil {
			break
		}
	}
	if _, closing := kernel.Do(kernel.Close(kernel.FD(fd)).For("close " + path)); err == nil {
		err = closing
	}
	return err
}

func writeOp(fd kernel.Ref, path, value string) kernel.Op {
	return kernel.Write(fd, value).For("write " + value + " to " + path).AsShell("echo '" + value + "' > " + path)
}

func appendWrites(steps []step, dir string, list []setting) []step {
	for _, s := range list {
		steps = append(steps, step{path: dir + "/" + s.file, values: s.values})
	}
	return steps
}
