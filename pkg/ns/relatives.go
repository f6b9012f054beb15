package ns

import (
	"bytes"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"
)

// relatives asks the kernel for the owner and the parent of each namespace, and so finds those that
// are alive only because of what is below them.
func (s *scanner) relatives() {
	list := make([]*Namespace, 0, len(s.found))
	for _, n := range s.found {
		list = append(list, n)
	}
	for _, n := range list {
		fd, err := openNS(s.where[n.ID.Ino])
		if err != nil {
			continue
		}
		if id, err := idOf(fd); err == nil && id == n.ID { // else its process has ended, and another has the number
			s.climb(n, fd)
		}
		_ = unix.Close(fd)
	}
}

// climb fills in the relatives of an open namespace, and theirs, up to what is known or above us.
func (s *scanner) climb(n *Namespace, fd int) {
	if n.Kind.Flag == User || n.Kind.Flag == PID {
		n.Parent = s.up(n, fd, unix.NS_GET_PARENT, n.Kind, HeldAsParent)
	}
	if n.Kind.Flag == User {
		n.Owner = n.Parent
		return
	}
	n.Owner = s.up(n, fd, unix.NS_GET_USERNS, kinds[User.index()], HeldAsOwner)
}

// up returns the relative that a request names. One that was not known has no process: it is climbed from in turn.
func (s *scanner) up(n *Namespace, fd int, request uint, k Kind, as HolderKind) ID {
	next, err := relative(fd, request)
	if err != nil {
		return ID{}
	}
	defer unix.Close(next)
	id, err := idOf(next)
	if err != nil || s.Kinds&k.Flag == 0 {
		return id
	}
	known := s.found[id.Ino]
	above := s.namespace(k, id.Ino)
	above.Holders = append(above.Holders, Holder{Kind: as, ID: n.ID})
	if known == nil {
		s.climb(above, next)
	}
	return id
}

// describe fills in command and user of the process that stands for each namespace.
func (s *scanner) describe() {
	type who struct {
		command string
		uid     uint32
	}
	seen := map[int]who{}
	for _, n := range s.found {
		if n.PID == 0 {
			continue
		}
		w, ok := seen[n.PID]
		if !ok {
			w.command = commandOf(n.PID)
			var st unix.Stat_t
			if unix.Stat(procPath(n.PID, ""), &st) == nil {
				w.uid = st.Uid
			}
			seen[n.PID] = w
		}
		n.Command, n.UID = w.command, w.uid
	}
}

// maxCommand bounds what is read of a command line, which may have megabytes.
const maxCommand = 4096

// commandOf returns a process's command line, or its name in brackets where it has none: a kernel thread, a zombie. What
// would move the cursor of a terminal becomes "?": processes choose these texts themselves.
func commandOf(pid int) string {
	line := readSome(procPath(pid, "cmdline"))
	if line = bytes.TrimRight(line, "\x00"); len(line) > 0 {
		return plain(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
	}
	if name := bytes.TrimSpace(readSome(procPath(pid, "comm"))); len(name) > 0 {
		return "[" + plain(name) + "]"
	}
	return ""
}

func readSome(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxCommand))
	return text
}

func plain(text []byte) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, string(text))
}

func (s *scanner) result() *Listing {
	for _, n := range s.found {
		s.listing.Namespaces = append(s.listing.Namespaces, n)
	}
	sortNamespaces(s.listing.Namespaces)
	return s.listing
}
