package box

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func chmod(c *call) {
	// A mode such as -w looks like an option.
	for i, a := range c.args {
		if len(a) > 1 && a[0] == '-' && strings.IndexByte("rwxXst", a[1]) >= 0 {
			c.args[i] = "a" + a
		}
	}
	f := c.parse("Rvf", "recursive=R", "verbose=v")
	c.operands(2, -1)
	spec := c.args[0]
	for _, a := range c.args[1:] {
		walkOwn(c, a, f.has('R'), func(path string, st fs.FileInfo) error {
			if st.Mode()&fs.ModeSymlink != 0 && path != a {
				return nil
			}
			var s unix.Stat_t
			if err := unix.Stat(path, &s); err != nil {
				return err
			}
			mode, ok := parseMode(spec, s.Mode, s.Mode&unix.S_IFMT == unix.S_IFDIR)
			if !ok {
				c.fail("invalid mode: '%s'", spec)
			}
			return unix.Chmod(path, mode)
		})
	}
}

func chown(c *call) {
	f := c.parse("Rhvf", "recursive=R", "no-dereference=h")
	c.operands(2, -1)
	uid, gid := -1, -1
	owner, group, both := strings.Cut(c.args[0], ":")
	if c.name == "chgrp" {
		owner, group, both = "", c.args[0], true
	}
	var ok bool
	if owner != "" {
		if uid, ok = users().id(owner); !ok {
			c.fail("invalid user: '%s'", owner)
		}
	}
	if both && group != "" {
		if gid, ok = groups().id(group); !ok {
			c.fail("invalid group: '%s'", group)
		}
	}
	for _, a := range c.args[1:] {
		walkOwn(c, a, f.has('R'), func(path string, st fs.FileInfo) error {
			if f.has('h') || f.has('R') && path != a {
				return os.Lchown(path, uid, gid)
			}
			return os.Chown(path, uid, gid)
		})
	}
}

// walkOwn calls do for a path and, with deep, for everything below; links are not followed on the way.
func walkOwn(c *call, path string, deep bool, do func(path string, st fs.FileInfo) error) {
	st, err := os.Lstat(path)
	if err != nil {
		c.complain("cannot access '%s': %s", path, text(err))
		return
	}
	if err := do(path, st); err != nil {
		c.complain("changing '%s': %s", path, text(err))
	}
	if !deep || !st.IsDir() {
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		c.complain("cannot read directory '%s': %s", path, text(err))
	}
	for _, e := range entries {
		walkOwn(c, filepath.Join(path, e.Name()), deep, do)
	}
}

// parseMode reads 755 or u+rwx,go-w relative to old, see chmod(1).
func parseMode(s string, old uint32, dir bool) (uint32, bool) {
	if n, err := strconv.ParseUint(s, 8, 32); err == nil && n <= 0o7777 {
		return uint32(n), true
	}
	mode := old & 0o7777
	for clause := range strings.SplitSeq(s, ",") {
		i := 0
		var who uint32
		for ; i < len(clause) && strings.IndexByte("ugoa", clause[i]) >= 0; i++ {
			who |= map[byte]uint32{'u': 0o4700, 'g': 0o2070, 'o': 0o1007, 'a': 0o7777}[clause[i]]
		}
		if who == 0 {
			mask := unix.Umask(0)
			unix.Umask(mask)
			who = 0o7777 &^ uint32(mask)
		}
		if i == len(clause) {
			return 0, false
		}
		for i < len(clause) {
			op := clause[i]
			if op != '+' && op != '-' && op != '=' {
				return 0, false
			}
			var bits uint32
			for i++; i < len(clause) && strings.IndexByte("+-=", clause[i]) < 0; i++ {
				switch clause[i] {
				case 'r':
					bits |= 0o444
				case 'w':
					bits |= 0o222
				case 'x':
					bits |= 0o111
				case 'X':
					if dir || mode&0o111 != 0 {
						bits |= 0o111
					}
				case 's':
					bits |= 0o6000
				case 't':
					bits |= 0o1000
				case 'u', 'g', 'o':
					v := mode >> map[byte]uint32{'u': 6, 'g': 3, 'o': 0}[clause[i]] & 7
					bits |= v | v<<3 | v<<6
				default:
					return 0, false
				}
			}
			if bits&0o1000 != 0 {
				who |= 0o1000
			}
			switch op {
			case '+':
				mode |= bits & who
			case '-':
				mode &^= bits & who
			case '=':
				mode = mode&^(who&0o777) | bits&who
			}
		}
	}
	return mode, true
}
