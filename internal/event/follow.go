package event

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// recheck is how often the file is looked at even if the kernel says nothing: it may be put aside, or there may be none yet.
const recheck = 200 * time.Millisecond

// Follow calls see with all events that are kept, the oldest first, and then with each new one as it is written, until ctx ends or see returns false.
//
// Kernel: inotify(7); where there are no more instances (EMFILE) the file is read every 200 ms.
func Follow(ctx context.Context, root string, see func(Event) bool) error {
	f := &follower{root: root, path: filepath.Join(root, fileName)}
	defer f.close()
	f.watch()
	past, err := f.begin()
	if err != nil {
		return fmt.Errorf("follow events: %w", err)
	}
	for {
		for _, e := range past {
			if !see(e) {
				return nil
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		f.wait(ctx)
		if past, err = f.more(); err != nil {
			return fmt.Errorf("follow events: %w", err)
		}
	}
}

type follower struct {
	root, path string
	file       *os.File // the one that grows; nil: there is none yet
	lines      lines
	old        *os.File // the one before: a writer that had it open may still append a line
	oldLines   lines
	inotify    *os.File
}

func (f *follower) close() {
	for _, file := range []*os.File{f.file, f.old, f.inotify} {
		if file != nil {
			_ = file.Close()
		}
	}
}

// watch asks the kernel to tell when something in the directory is written. Its descriptor does not block, so that the wait for it can be called off.
func (f *follower) watch() {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return
	}
	if _, err := unix.InotifyAddWatch(fd, f.root, unix.IN_MODIFY|unix.IN_CREATE|unix.IN_MOVE|unix.IN_ONLYDIR); err != nil {
		_ = unix.Close(fd)
		return
	}
	f.inotify = os.NewFile(uintptr(fd), "inotify")
}

// begin reads what is there.
func (f *follower) begin() ([]Event, error) {
	var list []Event
	old, err := open(filepath.Join(f.root, oldName))
	if err == nil {
		f.old = old
		if list, err = f.oldLines.read(old); err != nil {
			return nil, err
		}
	}
	more, err := f.more()
	list = append(list, more...)
	sortByTime(list)
	return list, err
}

// more reads what has come since.
func (f *follower) more() ([]Event, error) {
	var list []Event
	if f.old != nil {
		late, err := f.oldLines.read(f.old)
		if err != nil {
			return nil, err
		}
		list = append(list, late...)
	}
	for {
		if f.file != nil {
			more, err := f.lines.read(f.file)
			list = append(list, more...)
			if err != nil || f.named() {
				return list, err
			}
			if f.old != nil {
				_ = f.old.Close()
			}
			f.old, f.oldLines, f.file, f.lines = f.file, f.lines, nil, lines{}
		}
		file, err := open(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		f.file = file
	}
}

// named says whether the file still has its name.
func (f *follower) named() bool {
	mine, err := f.file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(mine, now)
}

// wait returns when something may have been written.
func (f *follower) wait(ctx context.Context) {
	if f.inotify == nil {
		select {
		case <-ctx.Done():
		case <-time.After(recheck):
		}
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = f.inotify.SetReadDeadline(time.Now()) })
	defer stop()
	_ = f.inotify.SetReadDeadline(time.Now().Add(recheck))
	if ctx.Err() != nil {
		return
	}
	var buf [4096]byte
	_, _ = f.inotify.Read(buf[:])
}
