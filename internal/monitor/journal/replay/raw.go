package replay

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// raw is the sink for bytes as they are: neighbours become one range, and the kernel copies it.
type raw struct {
	out  [2]io.Writer
	run  chunk // not written yet
	copy []byte
	torn [2]bool // the last line that was written has no end: known where there may be a cut
	cuts bool    // there may be one
}

func (r *raw) chunk(c chunk) error {
	if c.part == r.run.part && c.stream == r.run.stream && c.from == r.run.to {
		r.run.to = c.to
		return nil
	}
	err := r.flush()
	r.run = c
	return err
}

func (r *raw) flush() error {
	c := r.run
	r.run = chunk{}
	if c.from == c.to {
		return nil
	}
	from, out := c.part.data[c.stream], r.out[c.stream]
	if r.cuts {
		var last [1]byte
		n, _ := from.ReadAt(last[:], c.to-1)
		r.torn[c.stream] = n == 1 && last[0] != '\n'
	}
	at := c.from
	if file, ok := out.(*os.File); ok {
		var err error
		if at, err = send(file, from, c.from, c.to); err != nil {
			return err
		}
	}
	if r.copy == nil && at < c.to {
		r.copy = make([]byte, bufferSize)
	}
	for at < c.to {
		n, err := from.ReadAt(r.copy[:min(int64(len(r.copy)), c.to-at)], at)
		if n == 0 {
			if errors.Is(err, io.EOF) {
				return nil // it has become shorter
			}
			return fmt.Errorf("read the log: %w", err)
		}
		if _, err := out.Write(r.copy[:n]); err != nil {
			return fmt.Errorf("write the log out: %w", err)
		}
		at += int64(n)
	}
	return nil
}

func (r *raw) cut() error {
	if err := r.flush(); err != nil {
		return err
	}
	for i, torn := range r.torn {
		if !torn {
			continue
		}
		if _, err := r.out[i].Write([]byte{'\n'}); err != nil {
			return fmt.Errorf("write the log out: %w", err)
		}
		r.torn[i] = false
	}
	return nil
}

func (r *raw) close() error { return r.flush() }

// send lets the kernel copy a range of a file (sendfile(2)): into a pipe it moves no byte at all. It returns how far it came: not at
// all where the kernel does not want to, as with O_APPEND.
func send(out, from *os.File, at, end int64) (int64, error) {
	target, err := out.SyscallConn()
	if err != nil {
		return at, nil
	}
	source, err := from.SyscallConn()
	if err != nil {
		return at, nil
	}
	var failed error
	_ = target.Write(func(outFD uintptr) (done bool) {
		err := source.Control(func(fromFD uintptr) {
			done, failed = sendAll(int(outFD), int(fromFD), &at, end)
		})
		return done || err != nil
	})
	switch failed {
	case unix.EPIPE, unix.ENOSPC, unix.EDQUOT, unix.EFBIG:
		return at, fmt.Errorf("write the log out: %w", failed)
	}
	return at, nil // what is left, is copied by hand, and that says if something is wrong
}

// sendAll is done when all was sent, or nothing more can be; not done: where the target is full and its file can wait for room.
func sendAll(out, from int, at *int64, end int64) (bool, error) {
	for *at < end {
		n, err := unix.Sendfile(out, from, at, int(min(end-*at, 1<<30)))
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return false, nil
		case err != nil:
			return true, err
		case n == 0:
			return true, nil
		}
	}
	return true, nil
}

const bufferSize = 256 << 10
