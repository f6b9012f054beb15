package journal

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// PartName is the directory of a part: six digits, or more.
func PartName(number int) string {
	digits := strconv.Itoa(number)
	for len(digits) < 6 {
		digits = "0" + digits
	}
	return digits
}

// PartNumber is the number of a part's directory, and false for other names.
func PartNumber(name string) (int, bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && n > 0 && PartName(n) == name
}

func (w *Writer) path(number int, name string) string {
	return w.dir + "/" + PartName(number) + "/" + name
}

// ensure opens a stream's file, and makes what is missing on the way to it.
func (w *Writer) ensure(stream int) error {
	return w.open(&w.files[stream], Names[stream])
}

// ensureTimes opens times. Its first block is allocated at once: on a disk that is full later, that is where it says so
// (fallocate(2), FALLOC_FL_KEEP_SIZE).
func (w *Writer) ensureTimes() error {
	isOpen := w.times.fd >= 0
	err := w.open(&w.times, Times)
	if err == nil && !isOpen {
		_ = unix.Fallocate(w.times.fd, unix.FALLOC_FL_KEEP_SIZE, 0, 4096)
	}
	return err
}

func (w *Writer) open(f *file, name string) error {
	if f.fd >= 0 {
		return nil
	}
	w.last = max(w.last, 1)
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_CLOEXEC | unix.O_NOFOLLOW
	fd, err := unix.Open(w.path(w.last, name), flags, 0o640)
	if err == unix.ENOENT {
		if err = w.makePart(w.last); err == nil {
			fd, err = unix.Open(w.path(w.last, name), flags, 0o640)
		}
	}
	if err == nil {
		f.fd = fd
	}
	return err
}

// makePart makes a part's directory, and the log's.
func (w *Writer) makePart(number int) error {
	path := w.dir + "/" + PartName(number)
	err := unix.Mkdir(path, 0o750)
	if err == unix.ENOENT {
		if err = unix.Mkdir(w.dir, 0o750); err == nil || err == unix.EEXIST {
			err = unix.Mkdir(path, 0o750)
		}
	}
	if err != nil && err != unix.EEXIST {
		return err
	}
	if w.first == 0 {
		w.first = number
	}
	return nil
}

// fits says how much of p goes into this part: all of it, or until the end of the line that fills it.
func (w *Writer) fits(p []byte) int {
	left := w.maxSize - w.used()
	if w.maxSize == 0 || int64(len(p)) < left {
		return len(p)
	}
	for i := max(int(left)-1, 0); i < len(p); i++ {
		if p[i] == '\n' {
			return i + 1
		}
	}
	return len(p)
}

// full says whether the next byte of a stream belongs into a new part: this one is full, and the stream is at the end of a line.
func (w *Writer) full(stream int) bool {
	if w.maxSize == 0 || w.used() < w.maxSize {
		return false
	}
	return !w.withinLine(stream) || w.used() >= w.maxSize+longLine
}

// withinLine says whether a stream's last line has no end yet.
func (w *Writer) withinLine(stream int) bool {
	f := w.files[stream]
	if f.size == 0 {
		return w.continues[stream]
	}
	var last [1]byte
	n, err := unix.Pread(f.fd, last[:], f.size-1)
	return err == nil && n == 1 && last[0] != '\n'
}

// rotate begins a new part and removes the oldest ones. If that fails, this part goes on.
func (w *Writer) rotate() {
	within := [2]bool{w.withinLine(Stdout), w.withinLine(Stderr)}
	next := w.last + 1
	if w.maxFiles > 1 {
		err := w.makePart(next)
		if err != nil { // the disk is full, perhaps: make room
			w.remove(next - w.maxFiles + 1)
			err = w.makePart(next)
		}
		if err != nil {
			return
		}
	}
	w.finish()
	w.last, w.lost, w.noted, w.continues = next, w.lost-w.noted.Lost, Mark{}, within
	w.remove(next - w.maxFiles + 1)
	if within != [2]bool{} {
		w.note(now())
	}
}

// finish notes what is still to be noted of this part, and closes its files.
func (w *Writer) finish() {
	if w.lost != w.noted.Lost || w.noted.Size != [2]int64{w.files[Stdout].size, w.files[Stderr].size} {
		w.note(now())
	}
	w.closeFiles()
}

// remove removes the parts below a number. times goes first: a reader that could still open it, last of the three, has the whole part.
func (w *Writer) remove(below int) {
	for ; w.first < below; w.first++ {
		for _, name := range [...]string{Times, Names[Stdout], Names[Stderr]} {
			_ = unix.Unlink(w.path(w.first, name))
		}
		_ = unix.Rmdir(w.dir + "/" + PartName(w.first))
	}
}

func (w *Writer) closeFiles() {
	for _, f := range [...]*file{&w.files[Stdout], &w.files[Stderr], &w.times} {
		if f.fd >= 0 {
			_ = unix.Close(f.fd)
		}
		*f = file{fd: -1}
	}
}
