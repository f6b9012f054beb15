package event

import (
	"path/filepath"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// MaxSize is the size in bytes from which on a file of events is put aside. One more is kept.
const MaxSize = 4 << 20

const (
	fileName = "events"
	oldName  = "events.1"
	maxLine  = 64 << 10 // longer ones are lost: something is wrong with them
)

// Write appends events to the file in lab's directory root, all by one write. It takes some ten microseconds, and never fails: where the file cannot be
// written, the events are lost. The directory must be there.
//
// Kernel: open(2) with O_APPEND, write(2), fstat(2).
func Write(root string, events ...Event) {
	text := make([]byte, 0, 1024)
	for _, e := range events {
		if e.Time.IsZero() {
			e.Time = time.Now()
		}
		before := len(text)
		if text = e.append(text); len(text)-before > maxLine {
			text = text[:before]
		}
	}
	if len(text) == 0 {
		return
	}
	path := filepath.Join(root, fileName)
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o640)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	// A line that a full disk tore has no end. It must not take this one with it; see next.
	_, _ = unix.Write(fd, text)
	if st.Size >= MaxSize {
		putAside(fd, root, st)
	}
}

// putAside renames the full file. Of many who see it full one has the lock, and those who come after it see that the name is another file's by now.
func putAside(fd int, root string, mine unix.Stat_t) {
	if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) != nil {
		return
	}
	path := filepath.Join(root, fileName)
	var now unix.Stat_t
	if unix.Lstat(path, &now) == nil && now.Ino == mine.Ino && now.Dev == mine.Dev {
		_ = unix.Rename(path, filepath.Join(root, oldName))
	}
}

// append spells the event as MarshalJSON does. By hand: package json would first learn the types, which costs more than all the rest.
func (e Event) append(b []byte) []byte {
	b = append(b, '{')
	if e.Type == "container" || e.Type == "image" {
		b = member(b, "status", e.Action)
		b = member(b, "id", e.ID)
		if from := e.Attributes["image"]; e.Type == "container" && from != "" {
			b = member(b, "from", from)
		}
	}
	b = member(b, "Type", e.Type)
	b = member(b, "Action", e.Action)
	b = append(b, `"Actor":{`...)
	b = member(b, "ID", e.ID)
	b = append(b, `"Attributes":{`...)
	keys := make([]string, 0, len(e.Attributes))
	for k := range e.Attributes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = member(b, k, e.Attributes[k])
	}
	if len(keys) > 0 {
		b = b[:len(b)-1]
	}
	b = append(b, `}},"scope":"local","time":`...)
	b = strconv.AppendInt(b, e.Time.Unix(), 10)
	b = append(b, `,"timeNano":`...)
	b = strconv.AppendInt(b, e.Time.UnixNano(), 10)
	return append(b, "}\n"...)
}

func member(b []byte, key, value string) []byte {
	return append(quote(append(quote(b, key), ':'), value), ',')
}

// quote appends a JSON string (RFC 8259, section 7). What is not UTF-8 becomes U+FFFD.
func quote(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < 0x20 || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
