package replay

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// waker sleeps until there may be something new: inotify(7) tells of new marks, new parts, and of files beside the log, which change
// when the container ends. Where there are no more inotify instances to be had, and for what makes no event (a monitor that was
// killed), it looks from time to time.
type waker struct {
	events  *os.File // nil: none to be had
	dir     string
	watched map[string]bool
	made    bool // the log was, while its container's directory was watched
	part    int  // whose files are watched
	stop    func() bool
	done    <-chan struct{}
}

var inotifyInit = unix.InotifyInit1 // tests let it fail

const (
	looking = 50 * time.Millisecond  // without inotify
	atLeast = 500 * time.Millisecond // with it
	batch   = 2 * time.Millisecond   // let a flood come together: fewer wake-ups on both sides
)

func newWaker(ctx context.Context, dir string) *waker {
	w := &waker{dir: dir, watched: map[string]bool{}, done: ctx.Done()}
	if fd, err := inotifyInit(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err == nil {
		w.events = os.NewFile(uintptr(fd), "inotify")
		w.stop = context.AfterFunc(ctx, func() { _ = w.events.SetReadDeadline(time.Unix(1, 0)) })
	}
	return w
}

// wait returns when there may be something new, and now and then.
func (w *waker) wait(l *log) {
	if w.events == nil {
		w.sleep(looking)
		return
	}
	if w.watch(l) {
		return // it was not watched until now, so nothing is known of the moment before
	}
	if w.ended() {
		return
	}
	_ = w.events.SetReadDeadline(time.Now().Add(atLeast))
	if w.ended() { // the deadline of the context's end may just have been overwritten
		return
	}
	var buffer [4096]byte
	if n, err := w.events.Read(buffer[:]); n > 0 {
		had := w.made
		w.note(buffer[:n])
		if w.made && !had {
			return // the first output of all: it may be the last, too, and be removed soon
		}
		w.sleep(batch)
	} else if err != nil && !os.IsTimeout(err) {
		w.sleep(looking)
	}
}

// home is the container's directory.
func (w *waker) home() string { return filepath.Dir(w.dir) }

// note looks among events (inotify(7)) for the making of the log. Where too many came, it may have been among those that are lost.
func (w *waker) note(events []byte) {
	for len(events) >= unix.SizeofInotifyEvent {
		e := (*unix.InotifyEvent)(unsafe.Pointer(&events[0]))
		end := min(unix.SizeofInotifyEvent+int(e.Len), len(events))
		name, _, _ := bytes.Cut(events[unix.SizeofInotifyEvent:end], []byte{0})
		if e.Mask&unix.IN_Q_OVERFLOW != 0 || string(name) == filepath.Base(w.dir) {
			w.made = true
		}
		events = events[end:]
	}
}

// logMade says whether the log was made while its container's directory was watched, up to now.
func (w *waker) logMade() bool {
	raw, err := w.events.SyscallConn()
	if err != nil {
		return true
	}
	var buffer [4096]byte
	_ = raw.Control(func(fd uintptr) {
		for !w.made {
			n, err := unix.Read(int(fd), buffer[:])
			if err == unix.EINTR {
				continue
			}
			if n <= 0 {
				return
			}
			w.note(buffer[:n])
		}
	})
	return w.made
}

func (w *waker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

func (w *waker) sleep(d time.Duration) {
	select {
	case <-w.done:
	case <-time.After(d):
	}
}

// watch watches what is there by now, and says whether that is more than before.
func (w *waker) watch(l *log) (more bool) {
	if w.events == nil {
		return false
	}
	more = w.add(w.home(), unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_CLOSE_WRITE) || more
	more = w.add(w.dir, unix.IN_CREATE) || more
	if len(l.parts) > 0 {
		p := l.parts[len(l.parts)-1]
		if w.part != p.number {
			delete(w.watched, filepath.Join(w.dir, journal.PartName(w.part)))
			delete(w.watched, filepath.Join(w.dir, journal.PartName(w.part), journal.Times))
			w.part = p.number
		}
		more = w.add(p.dir, unix.IN_CREATE) || more
		// times alone, not the streams: many events in a row of the same file are one.
		more = w.add(filepath.Join(p.dir, journal.Times), unix.IN_MODIFY) || more
	}
	return more
}

func (w *waker) add(path string, mask uint32) bool {
	if w.watched[path] {
		return false
	}
	raw, err := w.events.SyscallConn()
	if err != nil {
		return false
	}
	added := false
	_ = raw.Control(func(fd uintptr) {
		_, err := unix.InotifyAddWatch(int(fd), path, mask)
		added = err == nil
	})
	w.watched[path] = added
	return added
}

func (w *waker) close() {
	if w.events != nil {
		w.stop()
		w.events.Close()
	}
}
