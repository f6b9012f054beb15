package box

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

func (l *lister) print(list []listed) {
	if l.long() {
		l.printLong(list)
		return
	}
	names := make([]string, len(list))
	width := 0
	for i, e := range list {
		if l.f.has('i') {
			names[i] = fmt.Sprintf("%d ", e.sys.Ino)
		}
		if l.f.has('s') {
			names[i] += fmt.Sprintf("%d ", e.sys.Blocks/2)
		}
		names[i] += l.show(e.name) + l.mark(e)
		width = max(width, utf8.RuneCountInString(names[i])+2)
	}
	if l.columns == 0 || width == 0 || width > l.columns {
		for _, n := range names {
			l.c.printf("%s\n", n)
		}
		return
	}
	perLine := max(l.columns/width, 1)
	rows := (len(names) + perLine - 1) / perLine
	for r := range rows {
		for i := r; i < len(names); i += rows {
			if i+rows >= len(names) {
				l.c.printf("%s", names[i])
			} else {
				l.c.printf("%s%*s", names[i], width-utf8.RuneCountInString(names[i]), "")
			}
		}
		l.c.printf("\n")
	}
}

// show keeps control characters of a file name off a terminal.
func (l *lister) show(name string) string {
	if l.columns == 0 {
		return name
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, name)
}

func (l *lister) mark(e listed) string {
	if !l.f.has('F') {
		return ""
	}
	switch m := e.Mode(); {
	case m.IsDir():
		return "/"
	case m&fs.ModeSymlink != 0 && !l.long():
		return "@"
	case m&fs.ModeNamedPipe != 0:
		return "|"
	case m&fs.ModeSocket != 0:
		return "="
	case m.IsRegular() && m&0o111 != 0:
		return "*"
	}
	return ""
}

func (l *lister) printLong(list []listed) {
	rows := make([][]string, len(list))
	var width [6]int
	for i, e := range list {
		size := strconv.FormatInt(e.Size(), 10)
		switch {
		case e.Mode()&fs.ModeDevice != 0:
			size = fmt.Sprintf("%d, %3d", unix.Major(e.sys.Rdev), unix.Minor(e.sys.Rdev))
		case l.f.has('h'):
			size = human(uint64(e.Size()))
		}
		owner, group := strconv.Itoa(int(e.sys.Uid)), strconv.Itoa(int(e.sys.Gid))
		if !l.f.has('n') {
			owner, group = l.users.name(int(e.sys.Uid)), l.groups.name(int(e.sys.Gid))
		}
		rows[i] = []string{modeString(e.sys.Mode), strconv.Itoa(int(e.sys.Nlink)), owner, group, size, lsTime(l.time(e))}
		for k, v := range rows[i] {
			width[k] = max(width[k], len(v))
		}
	}
	for i, e := range list {
		r := rows[i]
		if l.f.has('i') {
			l.c.printf("%d ", e.sys.Ino)
		}
		if l.f.has('s') {
			l.c.printf("%d ", e.sys.Blocks/2)
		}
		l.c.printf("%s %*s %-*s %-*s %*s %s %s%s", r[0], width[1], r[1], width[2], r[2], width[3], r[3], width[4], r[4], r[5], l.show(e.name), l.mark(e))
		if e.Mode()&fs.ModeSymlink != 0 {
			if to, err := os.Readlink(e.path); err == nil {
				l.c.printf(" -> %s", l.show(to))
			}
		}
		l.c.printf("\n")
	}
}

func (l *lister) time(e listed) time.Time {
	switch {
	case l.f.has('u'):
		return time.Unix(e.sys.Atim.Unix())
	case l.f.has('c'):
		return time.Unix(e.sys.Ctim.Unix())
	}
	return e.ModTime()
}

func lsTime(t time.Time) string {
	if age := time.Since(t); age > 182*24*time.Hour || age < -time.Hour {
		return t.Format("Jan _2  2006")
	}
	return t.Format("Jan _2 15:04")
}

// modeString writes st_mode as ls -l does, see inode(7).
func modeString(m uint32) string {
	b := []byte("?rwxrwxrwx")
	switch m & unix.S_IFMT {
	case unix.S_IFREG:
		b[0] = '-'
	case unix.S_IFDIR:
		b[0] = 'd'
	case unix.S_IFLNK:
		b[0] = 'l'
	case unix.S_IFIFO:
		b[0] = 'p'
	case unix.S_IFSOCK:
		b[0] = 's'
	case unix.S_IFCHR:
		b[0] = 'c'
	case unix.S_IFBLK:
		b[0] = 'b'
	}
	for i := range 9 {
		if m>>(8-i)&1 == 0 {
			b[i+1] = '-'
		}
	}
	for _, s := range [...]struct {
		bit  uint32
		at   int
		c, u byte
	}{{unix.S_ISUID, 3, 's', 'S'}, {unix.S_ISGID, 6, 's', 'S'}, {unix.S_ISVTX, 9, 't', 'T'}} {
		if m&s.bit != 0 {
			if b[s.at] == 'x' {
				b[s.at] = s.c
			} else {
				b[s.at] = s.u
			}
		}
	}
	return string(b)
}
