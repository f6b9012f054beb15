package sh

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// redirect applies redirections to the table of descriptors, in their order. It returns the
// descriptors it opened; on an error it says so, sets the status, and ok is false.
func (s *Shell) redirect(rs []*redir) (opened []int, ok bool) {
	for _, r := range rs {
		fd, err := s.redirectOne(r, &opened)
		if err != nil {
			s.errf("%s", err)
			s.status = 1
			return opened, false
		}
		_ = fd
	}
	return opened, true
}

func (s *Shell) redirectOne(r *redir, opened *[]int) (int, error) {
	fd := r.fd
	if fd < 0 {
		fd = 1
		if r.op[0] == '<' {
			fd = 0
		}
	}
	var flags int
	switch r.op {
	case "<<", "<<-":
		n, err := s.hereFile(s.str(r.body))
		if err != nil {
			return -1, err
		}
		*opened = append(*opened, n)
		s.fds[fd] = n
		return fd, nil
	case "<&", ">&":
		t := s.str(r.target)
		if t == "-" {
			s.fds[fd] = -1
			return fd, nil
		}
		n, err := strconv.Atoi(t)
		if err == nil {
			if n < 0 || n >= maxFD || s.fds[n] < 0 {
				return -1, errors.New(t + ": Bad file descriptor")
			}
			s.fds[fd] = s.fds[n]
			return fd, nil
		}
		if r.op == "<&" || r.fd >= 0 && r.fd != 1 {
			return -1, errors.New(t + ": bad file descriptor number")
		}
		// >&file is both outputs to a file.
		n, err = s.open(t, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC)
		if err != nil {
			return -1, err
		}
		*opened = append(*opened, n)
		s.fds[1], s.fds[2] = n, n
		return fd, nil
	case "<":
		flags = unix.O_RDONLY
	case "<>":
		flags = unix.O_RDWR | unix.O_CREAT
	case ">>":
		flags = unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND
	case ">", ">|":
		flags = unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC
	}
	name := s.str(r.target)
	if r.op == ">" && s.opt('C') {
		if st, err := os.Stat(name); err == nil && st.Mode().IsRegular() {
			return -1, errors.New("can't create " + name + ": File exists")
		}
	}
	n, err := s.open(name, flags)
	if err != nil {
		return -1, err
	}
	*opened = append(*opened, n)
	s.fds[fd] = n
	return fd, nil
}

// open opens a file for a redirection; its errors read as those of other small shells.
func (s *Shell) open(name string, flags int) (int, error) {
	for {
		n, err := unix.Open(name, flags|unix.O_CLOEXEC|unix.O_NOCTTY, 0o666)
		switch {
		case err == syscall.EINTR:
			continue
		case err == nil:
			return high(n), nil
		}
		verb := "can't open "
		if flags&unix.O_CREAT != 0 {
			verb = "can't create "
		}
		text := errText(err)
		if errors.Is(err, fs.ErrNotExist) {
			text = "no such file"
			if flags&unix.O_CREAT != 0 {
				text = "nonexistent directory"
			}
		}
		return -1, errors.New(verb + name + ": " + text)
	}
}

// hereFile holds a here-document: a pipe where it fits, else a file without a name.
func (s *Shell) hereFile(text string) (int, error) {
	if len(text) <= 4096 {
		r, w, err := pipe()
		if err != nil {
			return -1, err
		}
		writeFD(w, text)
		unix.Close(w)
		return r, nil
	}
	fd, err := unix.MemfdCreate("here-document", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, err
	}
	fd = high(fd)
	if err := writeFD(fd, text); err != nil {
		unix.Close(fd)
		return -1, err
	}
	_, err = unix.Seek(fd, 0, 0)
	return fd, err
}

func (s *Shell) unredirect(saved [maxFD]int, opened []int) {
	s.fds = saved
	for _, fd := range opened {
		unix.Close(fd)
	}
}

// keep is what exec without a command does: the redirections stay, what nobody names is closed.
func (s *Shell) keep(saved [maxFD]int) {
	if s.nested {
		return // the parent's table still names the old ones
	}
	for _, old := range saved {
		if old < maxFD {
			continue
		}
		used := false
		for _, fd := range s.fds {
			used = used || fd == old
		}
		if !used {
			unix.Close(old)
		}
	}
}
