package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// place is the store's directory, or the nearest above it that is there: the file system that the store would be on.
func (b *Bench) place() (string, error) {
	dir, err := filepath.Abs(b.Store)
	for err == nil {
		real, err := filepath.EvalSymlinks(dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == "/" {
			return real, err
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// enough is the room that the labs' images and builds take.
const enough = 2 << 30

func trySpace(b *Bench) Finding {
	dir, err := b.place()
	if err != nil {
		return b.judge(false, err, "")
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return b.judge(false, fmt.Errorf("look at the file system of %s: %w", dir, err), "")
	}
	return space(dir, st.Bavail*uint64(st.Bsize), st.Files, st.Ffree)
}

// space judges free bytes and free inodes; a file system that counts no inodes says 0 of 0.
func space(dir string, free, inodes, freeInodes uint64) Finding {
	text := fmt.Sprintf("%.1f GiB free below %s", float64(free)/(1<<30), dir)
	switch {
	case free < enough:
		return no(text + fmt.Sprintf(", the labs take %d", enough>>30))
	case inodes > 0 && freeInodes < 100_000:
		return no(fmt.Sprintf("%d files can still be made below %s, an image has ten thousand", freeInodes, dir))
	}
	return yes(text)
}

// tryStore mounts an overlay whose upper directory is on the store's file system, as every container does.
func tryStore(b *Bench) Finding {
	dir, err := b.place()
	if err != nil {
		return b.judge(false, err, "")
	}
	kind := "a file system of unknown type"
	if m := mountOf(b.Machine.mounts, dir); m != nil {
		kind = m.kind
	}
	scratch := filepath.Join(dir, fmt.Sprintf(".%s%d-%d", prefix, os.Getpid(), time.Now().UnixNano()))
	b.note(scratch)
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return b.judge(false, fmt.Errorf("make a directory for a test: %w", err), "")
	}
	defer os.RemoveAll(scratch)
	f := b.tried(kind+" takes containers", unix.CLONE_NEWNS, func(own bool) []kernel.Op {
		names := below(scratch, "lower", "upper", "work", "merged")
		for i := range names {
			names[i] = names[i].Ignoring(unix.EEXIST) // from the try that was refused
		}
		return append(append([]kernel.Op{private()}, names...), union(scratch, scratch+"/lower", own)...)
	})
	switch {
	case f.State == No && errors.Is(f.cause, errNoClone3): // says nothing of the store
	case f.State == No && kind == "overlay":
		f.Text = "the store is on an overlay, on which no other can keep its upper directory"
	case f.State == No:
		f.Text = kind + ": " + f.Text
	}
	return f
}
