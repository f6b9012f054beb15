package container

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// A Reader reads the records of many containers, one after the other: below a directory that is open already, and into the same memory.
type Reader struct {
	below  int    // the descriptor of a directory, or AT_FDCWD
	name   string // what to put before a path in errors
	buffer []byte
}

// NewReader is for the containers below an open directory, which the caller closes afterwards; nil: below the working directory.
func NewReader(below *os.File) *Reader {
	r := &Reader{below: unix.AT_FDCWD, buffer: make([]byte, 4096)}
	if below != nil {
		r.below, r.name = int(below.Fd()), below.Name()+"/"
	}
	return r
}

// State is [ReadState] of the directory dir, which is a path below the reader's own.
func (r *Reader) State(dir string) (State, error) {
	s, err := r.record(dir)
	if err != nil || s.PID == 0 || s.Monitor == 0 {
		return s, err
	}
	if end, err := r.end(dir); err == nil && end.PID == s.PID && end.StartTime == s.StartTime && end.Boot == s.Boot {
		s.end(end)
	}
	return s, nil
}

// read returns a whole file, which is there until the next call.
func (r *Reader) read(path string) ([]byte, error) {
	data, err := readAt(r.below, path, r.buffer)
	r.buffer = data[:cap(data)]
	var failed *fs.PathError
	if errors.As(err, &failed) {
		failed.Path = r.name + path
	}
	return data, err
}

// readAt is os.ReadFile in three system calls. Package os would ask the file system about each file besides, try to have it watched for the
// moment when it can be read, and read once more behind the end: a list of a thousand containers feels that. What it returns is in
// buffer where that is large enough.
func readAt(below int, path string, buffer []byte) ([]byte, error) {
	fd, err := ignoringEINTR(func() (int, error) { return unix.Openat(below, path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return buffer[:0], &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	for size := 0; ; {
		n, err := ignoringEINTR(func() (int, error) { return unix.Read(fd, buffer[size:]) })
		if err != nil {
			return buffer[:0], &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if size += n; size < len(buffer) { // of files on a disk and of those in /proc that are read here, only the end is short
			return buffer[:size], nil
		}
		buffer = append(buffer, make([]byte, len(buffer))...)
	}
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}
