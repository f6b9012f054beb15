package course

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/unionfs"
)

// mostFile is how much of a file is read.
const mostFile = 1 << 20

// askFile answers a file check.
func (v *View) askFile(ctx context.Context, q *FileCheck) Finding {
	at, f := v.place(ctx, q)
	if !f.OK {
		return f
	}
	defer at.close()
	shown, real := at.shown, at.name
	var st unix.Stat_t
	err := unix.Lstat(real, &st)
	if q.Exists != nil && !*q.Exists {
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
			return yes()
		}
		if err != nil {
			return cannot(shown, err)
		}
		return no(shown+" is there", "it not to be").at("`ls -l " + shown + "`")
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return no("there is no "+shown, "it there").at("`ls -l " + filepath.Dir(shown) + "`")
	}
	if err != nil {
		return cannot(shown, err)
	}
	for i, part := range []func(context.Context, *FileCheck, string, string, *unix.Stat_t) Finding{
		v.fileKind, v.fileLink, v.fileMarks,
	} {
		if f := part(ctx, q, shown, real, &st); !f.OK {
			f.passed = i + 1
			return f
		}
	}
	f = v.fileContent(ctx, q, shown, at.target, &st)
	f.passed = 4
	return f
}

// place is where a file is: what sentences call it, the path of the name itself, and the path of what it leads to.
type place struct {
	shown, name, target string
	open                []int
}

func (p *place) close() {
	for _, fd := range p.open {
		_ = unix.Close(fd)
	}
}

// place finds the file. Below another process's root no symbolic link may lead out.
func (v *View) place(ctx context.Context, q *FileCheck) (*place, Finding) {
	if q.In == "" {
		path := v.short(ctx, q.Path)
		return &place{shown: path, name: path, target: path}, yes()
	}
	p := v.bound[q.In]
	if p == nil {
		def, _ := v.Lab.Var(q.In)
		return nil, cannot("the process", &missingProcess{v.describe(ctx, def)})
	}
	path := filepath.Join("/", v.expand(ctx, q.Path))
	at := &place{shown: path + " as " + p.String() + " sees it"}
	root, err := unix.Open(procFile(p.PID, "root"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, cannot("the root directory of "+p.String(), err)
	}
	at.open = append(at.open, root)
	below := func(path string, flags uint64) (string, error) {
		how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | flags, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
		fd, err := unix.Openat2(root, path, how)
		for try := 0; err == unix.EAGAIN && try < 1000; try++ { // something was renamed on the way (openat2(2))
			fd, err = unix.Openat2(root, path, how)
		}
		if err == nil {
			at.open = append(at.open, fd)
		}
		return fmt.Sprintf("/proc/self/fd/%d", fd), err
	}
	if at.name, err = below(filepath.Dir(path), unix.O_DIRECTORY); err == nil {
		at.name = filepath.Join(at.name, filepath.Base(path))
	} else if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		at.name = "/proc/self/fd/nowhere"
	} else {
		at.close()
		return nil, cannot(at.shown, err)
	}
	if at.target, err = below(path, 0); err != nil {
		at.target = "/proc/self/fd/nowhere"
	}
	return at, yes()
}

func kindOf(st *unix.Stat_t) string {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symlink"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFBLK:
		return "block"
	}
	if st.Rdev == 0 {
		return "whiteout"
	}
	return "char"
}

// kindNames are the kinds in words.
func kindWords(kind string) string {
	return map[string]string{
		"file": "a regular file", "directory": "a directory", "symlink": "a symbolic link", "fifo": "a named pipe", "socket": "a socket",
		"block": "a block device", "char": "a character device", "whiteout": "a whiteout (character device 0/0)",
	}[kind]
}

func (v *View) fileKind(ctx context.Context, q *FileCheck, shown, _ string, st *unix.Stat_t) Finding {
	got := kindOf(st)
	if q.Kind != "" && got != q.Kind {
		f := no(shown+" is "+kindWords(got), kindWords(q.Kind)).at("`ls -l " + shown + "`")
		if q.Kind == "whiteout" {
			f.Advice = "Overlayfs makes one in the upper directory when a lower file is deleted through the merged one."
		}
		return f
	}
	if owner := fmt.Sprintf("%d:%d", st.Uid, st.Gid); q.Owner != "" && owner != v.expand(ctx, q.Owner) {
		return no(fmt.Sprintf("%s belongs to %s", shown, owner), v.expand(ctx, q.Owner)).at("`ls -ln " + shown + "`")
	}
	if q.Mode != "" {
		want, err := strconv.ParseUint(q.Mode, 8, 32)
		if got := st.Mode & 0o7777; err != nil || uint64(got) != want {
			return no(fmt.Sprintf("%s has the mode %04o", shown, got), q.Mode).at("`stat -c %a " + shown + "`")
		}
	}
	if device := fmt.Sprintf("%d:%d", unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))); q.Device != "" && device != q.Device {
		return no(fmt.Sprintf("%s is %s with the number %s", shown, kindWords(got), device), "the number "+q.Device).at("`ls -l " + shown + "`")
	}
	return yes()
}

func (v *View) fileLink(ctx context.Context, q *FileCheck, shown, real string, st *unix.Stat_t) Finding {
	if q.Target != "" {
		got, err := os.Readlink(real)
		if err != nil {
			return no(shown+" is "+kindWords(kindOf(st)), "a symbolic link to "+v.expand(ctx, q.Target)).at("`ls -l " + shown + "`")
		}
		if want := v.expand(ctx, q.Target); got != want {
			return no(fmt.Sprintf("%s leads to %s", shown, got), "it to lead to "+want).at("`readlink " + shown + "`")
		}
	}
	if q.SameAs != "" {
		other := v.path(ctx, q.SameAs)
		var there unix.Stat_t
		if err := unix.Stat(other, &there); err != nil {
			return cannot(other, err)
		}
		if there.Dev != st.Dev || there.Ino != st.Ino {
			return no(fmt.Sprintf("%s is inode %d of device %d:%d", shown, st.Ino, unix.Major(st.Dev), unix.Minor(st.Dev)),
				fmt.Sprintf("inode %d of device %d:%d, which is %s", there.Ino, unix.Major(there.Dev), unix.Minor(there.Dev), other)).
				at("`stat " + shown + " " + other + "`")
		}
	}
	return yes()
}

func (v *View) fileMarks(ctx context.Context, q *FileCheck, shown, real string, _ *unix.Stat_t) Finding {
	if q.Opaque != nil {
		got, err := unionfs.IsOpaque(real)
		if err != nil {
			return cannot("the attributes of "+shown, err)
		}
		if got != *q.Opaque {
			look := "`getfattr -m - -d " + shown + "`"
			if *q.Opaque {
				return no(shown+" is not opaque: what lower layers have in it shows through", "it opaque").
					advise("Overlayfs makes a directory so that is made where a lower one was deleted. Only root sees the mark.").at(look)
			}
			return no(shown+" is opaque: it hides what lower layers have in it", "it not to be").at(look)
		}
	}
	for _, name := range sortedKeys(q.Xattr) {
		want := v.expand(ctx, q.Xattr[name])
		buffer := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(real, name, buffer)
		look := "`getfattr -m - -d " + shown + "`"
		if err != nil {
			return no(fmt.Sprintf("%s has no attribute %s (%v)", shown, name, err), "it").at(look)
		}
		if got := string(buffer[:n]); want != "*" && got != want {
			return no(fmt.Sprintf("%s has the attribute %s=%q", shown, name, clip(got, 80)), fmt.Sprintf("%q", want)).at(look)
		}
	}
	return yes()
}

func (v *View) fileContent(ctx context.Context, q *FileCheck, shown, real string, st *unix.Stat_t) Finding {
	if q.Content == nil && q.Contains == nil && q.Lacks == nil && q.Matches == "" {
		return yes()
	}
	text, err := readWhole(real)
	if errors.Is(err, errNoFile) {
		return no(shown+" is "+kindWords(kindOf(st)), "a file with content")
	}
	if err != nil {
		return cannot("the content of "+shown, err)
	}
	return v.judgeText(ctx, text, q.Content, q.Contains, q.Lacks, q.Matches, shown+" says", "`cat "+shown+"`")
}

var errNoFile = errors.New("it is no regular file")

// readWhole reads a regular file, without waiting for anybody.
func readWhole(path string) (string, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return "", errNoFile // some devices do something when they are opened
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return "", errNoFile
	}
	text, err := io.ReadAll(io.LimitReader(f, mostFile))
	return string(text), err
}

// judgeText compares a text with what is wanted of it. says begins the sentence: "/x says".
func (v *View) judgeText(ctx context.Context, text string, all *string, contains, lacks Strings, matches, says, look string) Finding {
	trimmed := strings.TrimSpace(text)
	shown := says + " nothing"
	if trimmed != "" {
		shown = says + " " + quoted(trimmed)
	}
	if all != nil {
		if want := strings.TrimSpace(v.expand(ctx, *all)); trimmed != want {
			expected := quoted(want)
			if want == "" {
				expected = "nothing"
			} else if left := references(want); len(left) > 0 {
				return no(shown, "it compared with "+want+", and that cannot be found out now: is the process there?").at(look)
			}
			return no(shown, expected).at(look)
		}
	}
	for _, s := range contains {
		if want := v.expand(ctx, s); !strings.Contains(text, want) {
			return no(shown, "it to contain "+quoted(want)).at(look)
		}
	}
	for _, s := range lacks {
		if not := v.expand(ctx, s); strings.Contains(text, not) {
			return no(shown, "it without "+quoted(not)).at(look)
		}
	}
	if matches != "" {
		re, err := regexp.Compile("(?m)" + matches)
		if err != nil {
			return cannot("the pattern", err)
		}
		if !re.MatchString(text) {
			return no(shown, "it to match "+quoted(matches)).at(look)
		}
	}
	return yes()
}

// quoted is a text for a sentence: on one line, and not endless.
func quoted(s string) string {
	return `"` + clip(oneLine(strings.ReplaceAll(s, "\n", " ⏎ ")), 120) + `"`
}
