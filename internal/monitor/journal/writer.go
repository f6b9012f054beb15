package journal

import "golang.org/x/sys/unix"

// Writer writes the log of one container. It is for one goroutine, and one process at a time: a container's monitor.
type Writer struct {
	dir      string
	maxSize  int64
	maxFiles int

	first, last int     // the numbers of the parts that are there; 0: none
	files       [2]file // of the last part
	times       file
	lost        int64   // bytes, in this part
	continues   [2]bool // as this part's first mark says
	noted       Mark    // the last line of times

	copies [2]bool // splice(2) does not serve here
	buffer []byte  // for what is not spliced; made when it is needed
}

// file is an open file and where its next byte goes. Not O_APPEND: splice(2) refuses that.
type file struct {
	fd   int // -1: not open
	size int64
}

// Open opens the log in the directory dir, and goes on where a writer before this one ended, even if that one was killed. Nothing is
// made before there is something to write: a container that prints nothing has no log, and costs none.
//
// A part is full when its files have maxSize bytes together; the line that reaches it is completed. Then a new part begins, and of
// all only the maxFiles youngest stay. maxSize 0: one part without end; maxFiles 0: 1.
//
// An error says that the log cannot be read; the writer is good nevertheless, and begins a new part.
func Open(dir string, maxSize int64, maxFiles int) (*Writer, error) {
	w := &Writer{dir: dir, maxSize: maxSize, maxFiles: max(maxFiles, 1), files: [2]file{{fd: -1}, {fd: -1}}, times: file{fd: -1}}
	err := w.list()
	if err == nil && w.last > 0 {
		err = w.resume()
	}
	return w, err
}

// Splice moves what a pipe holds into a stream's file, up to 1 MiB of it, without taking the bytes into this process. The pipe must
// be non-blocking (O_NONBLOCK). The number of bytes is 0 without an error at the pipe's end; the error is EAGAIN where the pipe is
// empty, and else what the pipe's own trouble is. A file descriptor that is no pipe is read from.
//
// Kernel: splice(2), or read(2) and pwrite(2) where the file system or the source refuses that, for the first bytes of a file and for
// the last before a new part.
func (w *Writer) Splice(stream, pipe int) (int, error) {
	f := &w.files[stream]
	room := w.room()
	if f.fd < 0 || room <= 0 || w.copies[stream] {
		return w.copy(stream, pipe)
	}
	for {
		n, err := unix.Splice(pipe, nil, f.fd, &f.size, room, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		switch {
		case n > 0:
			w.note(now())
			return int(n), nil
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN || err == nil:
			return 0, err
		case err == unix.EINVAL:
			w.copies[stream] = true
		}
		return w.copy(stream, pipe) // which finds out whose error it is
	}
}

const (
	mostAtOnce = 1 << 20
	bufferSize = 16 << 10
	longLine   = 64 << 10 // a line that reaches this far beyond a part's maxSize goes on in the next part
)

// room is how much may be spliced into this part. Its last bytes are copied: the part is to end where a line ends.
func (w *Writer) room() int {
	if w.maxSize == 0 {
		return mostAtOnce
	}
	return int(min(w.maxSize-w.used()-bufferSize, mostAtOnce))
}

func (w *Writer) used() int64 { return w.files[Stdout].size + w.files[Stderr].size + w.times.size }

func (w *Writer) copy(stream, from int) (int, error) {
	if w.buffer == nil {
		w.buffer = make([]byte, bufferSize)
	}
	for {
		n, err := unix.Read(from, w.buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		w.Write(stream, w.buffer[:n])
		return n, nil
	}
}

// Write writes to a stream what the caller has read itself: from a terminal, or because others want it too.
func (w *Writer) Write(stream int, p []byte) {
	for len(p) > 0 {
		if w.full(stream) {
			w.rotate()
		}
		n := w.fits(p)
		w.put(stream, p[:n])
		p = p[n:]
	}
}

// put writes to the last part, and counts what it cannot write.
func (w *Writer) put(stream int, p []byte) {
	err := w.ensure(stream)
	f := &w.files[stream]
	for err == nil && len(p) > 0 {
		var n int
		if n, err = unix.Pwrite(f.fd, p, f.size); err == unix.EINTR {
			err = nil
			continue
		}
		if n <= 0 {
			break
		}
		f.size += int64(n)
		p = p[n:]
	}
	if len(p) > 0 {
		w.lose(len(p))
		return
	}
	w.note(now())
}

// lose counts bytes that could not be written. The disk is probably full, and what little room the last block of times has is not
// for many lines: one when the number has doubled.
func (w *Writer) lose(n int) {
	w.lost += int64(n)
	if w.lost >= 2*w.noted.Lost {
		w.note(now())
	}
}

// note adds the line to times that says how large the files are. If it cannot be written, a later one says the same and more.
func (w *Writer) note(time int64) {
	m := Mark{Time: time, Size: [2]int64{w.files[Stdout].size, w.files[Stderr].size}, Lost: w.lost}
	if w.times.size == 0 {
		m.Continues = w.continues
	}
	if w.ensureTimes() != nil {
		return
	}
	var space [128]byte
	line := m.Append(space[:0])
	// Not advanced after a short write: the next line is at least as long and overwrites the torn one.
	if n, err := unix.Pwrite(w.times.fd, line, w.times.size); err == nil && n == len(line) {
		w.times.size += int64(n)
		w.noted = m
	}
}

// Close ends the log, with all that is still to be noted. It can be called twice.
func (w *Writer) Close() { w.finish() }

func now() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_REALTIME, &t)
	return t.Nano()
}
