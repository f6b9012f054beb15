package box

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func stat(c *call) {
	f := c.parse("Lc:f", "format=c", "dereference=L")
	c.operands(1, -1)
	us, gs := users(), groups()
	for _, a := range c.args {
		var st unix.Stat_t
		call := unix.Lstat
		if f.has('L') {
			call = unix.Stat
		}
		if err := call(a, &st); err != nil {
			c.complain("cannot statx '%s': %s", a, text(err))
			continue
		}
		if f.has('c') {
			c.printf("%s\n", statFormat(f.value('c', ""), a, &st, us, gs))
			continue
		}
		name := a
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			if to, err := os.Readlink(a); err == nil {
				name += " -> " + to
			}
		}
		t := func(ts unix.Timespec) string {
			return time.Unix(ts.Unix()).Format("2006-01-02 15:04:05.000000000 -0700")
		}
		c.printf("  File: %s\n  Size: %-10d\tBlocks: %-10d IO Block: %-6d %s\n", name, st.Size, st.Blocks, st.Blksize, kindName(&st))
		c.printf("Device: %d,%d\tInode: %-11d Links: %d\n", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino, st.Nlink)
		c.printf("Access: (%04o/%s)  Uid: (%5d/%8s)   Gid: (%5d/%8s)\n", st.Mode&0o7777, modeString(st.Mode),
			st.Uid, us.name(int(st.Uid)), st.Gid, gs.name(int(st.Gid)))
		c.printf("Access: %s\nModify: %s\nChange: %s\n", t(st.Atim), t(st.Mtim), t(st.Ctim))
	}
}

func kindName(st *unix.Stat_t) string {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		if st.Size == 0 {
			return "regular empty file"
		}
		return "regular file"
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symbolic link"
	case unix.S_IFIFO:
		return "fifo"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFCHR:
		return "character special file"
	}
	return "block special file"
}

func statFormat(format, name string, st *unix.Stat_t, us, gs *accounts) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 >= len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch format[i] {
		case 'n':
			b.WriteString(name)
		case 's':
			fmt.Fprint(&b, st.Size)
		case 'a':
			fmt.Fprintf(&b, "%o", st.Mode&0o7777)
		case 'A':
			b.WriteString(modeString(st.Mode))
		case 'u':
			fmt.Fprint(&b, st.Uid)
		case 'g':
			fmt.Fprint(&b, st.Gid)
		case 'U':
			b.WriteString(us.name(int(st.Uid)))
		case 'G':
			b.WriteString(gs.name(int(st.Gid)))
		case 'i':
			fmt.Fprint(&b, st.Ino)
		case 'h':
			fmt.Fprint(&b, st.Nlink)
		case 'b':
			fmt.Fprint(&b, st.Blocks)
		case 'd':
			fmt.Fprint(&b, st.Dev)
		case 'F':
			b.WriteString(kindName(st))
		case 't':
			fmt.Fprintf(&b, "%x", unix.Major(st.Rdev))
		case 'T':
			fmt.Fprintf(&b, "%x", unix.Minor(st.Rdev))
		case 'X':
			fmt.Fprint(&b, st.Atim.Sec)
		case 'Y':
			fmt.Fprint(&b, st.Mtim.Sec)
		case 'Z':
			fmt.Fprint(&b, st.Ctim.Sec)
		case '%':
			b.WriteByte('%')
		default:
			b.WriteString("?")
		}
	}
	return b.String()
}
