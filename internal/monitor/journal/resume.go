package journal

import "golang.org/x/sys/unix"

// list finds the numbers of the parts that are there.
func (w *Writer) list() error {
	fd, err := unix.Open(w.dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buffer := make([]byte, 4096)
	for {
		n, err := unix.ReadDirent(fd, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return err
		}
		_, _, names := unix.ParseDirent(buffer[:n], -1, nil)
		for _, name := range names {
			number, ok := PartNumber(name)
			if !ok {
				continue
			}
			w.last = max(w.last, number)
			if w.first == 0 || number < w.first {
				w.first = number
			}
		}
	}
}

// resume opens the last part to write on. What a writer that was killed did not get to note is noted, with the time at which the
// file last changed; a torn line of times is cut off. Where times and the files contradict each other (after a power cut), a new
// part begins.
func (w *Writer) resume() error {
	changed := int64(0)
	for i := range w.files {
		at, err := reopen(&w.files[i], w.path(w.last, Names[i]))
		if err != nil {
			return w.another(err)
		}
		changed = max(changed, at)
	}
	if _, err := reopen(&w.times, w.path(w.last, Times)); err != nil {
		return w.another(err)
	}
	if !w.lastMark() || w.noted.Size[Stdout] > w.files[Stdout].size || w.noted.Size[Stderr] > w.files[Stderr].size {
		return w.another(nil)
	}
	w.lost = w.noted.Lost
	if w.noted.Size != [2]int64{w.files[Stdout].size, w.files[Stderr].size} {
		w.note(max(changed, w.noted.Time))
	}
	return nil
}

// another leaves the last part as it is.
func (w *Writer) another(err error) error {
	w.closeFiles()
	w.noted, w.continues = Mark{}, [2]bool{}
	w.last++
	if w.maxSize == 0 {
		return err
	}
	w.remove(w.last - w.maxFiles + 1)
	return err
}

// reopen opens a file if it is there, and says when it last changed.
func reopen(f *file, path string) (changed int64, err error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err == unix.ENOENT {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	f.fd, f.size = fd, st.Size
	return st.Mtim.Nano(), nil
}

// lastMark reads the first and the last line of times, and cuts off what comes after the last newline. It is false if there is
// something else than marks.
func (w *Writer) lastMark() bool {
	if w.times.size == 0 {
		return true
	}
	var space [256]byte
	first, ok := firstLine(w.times.fd, space[:])
	if ok {
		w.continues = first.Continues
	}
	from := max(w.times.size-int64(len(space)), 0)
	n, err := unix.Pread(w.times.fd, space[:], from)
	if err != nil {
		return false
	}
	text := space[:n]
	end := len(text)
	for end > 0 && text[end-1] != '\n' {
		end--
	}
	if end == 0 && from > 0 {
		return false // too long for a mark
	}
	w.times.size = from + int64(end)
	_ = unix.Ftruncate(w.times.fd, w.times.size)
	if end == 0 {
		return true // a torn one, and nothing else
	}
	start := end - 1
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	w.noted, ok = ParseMark(text[start : end-1])
	return ok
}

func firstLine(fd int, space []byte) (Mark, bool) {
	n, err := unix.Pread(fd, space, 0)
	for i := 0; err == nil && i < n; i++ {
		if space[i] == '\n' {
			return ParseMark(space[:i])
		}
	}
	return Mark{}, false
}
