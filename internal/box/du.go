package box

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

func du(c *call) {
	f := c.parse("shkmacxbd:", "summarize=s", "human-readable=h", "all=a", "total=c", "bytes=b", "max-depth=d")
	if len(c.args) == 0 {
		c.args = []string{"."}
	}
	depth := c.number(f.value('d', "1000000"))
	if f.has('s') {
		depth = 0
	}
	show := func(n uint64) string {
		switch {
		case f.has('h'):
			return human(n)
		case f.has('b'):
			return strconv.FormatUint(n, 10)
		case f.has('m'):
			return strconv.FormatUint((n+1<<20-1)>>20, 10)
		}
		return strconv.FormatUint((n+1023)>>10, 10)
	}
	type inode struct{ dev, ino uint64 }
	seen := make(map[inode]bool)
	var sum func(path string, level int) uint64
	sum = func(path string, level int) uint64 {
		st, err := os.Lstat(path)
		if err != nil {
			c.complain("cannot access '%s': %s", path, text(err))
			return 0
		}
		s := st.Sys().(*syscall.Stat_t)
		if !st.IsDir() && s.Nlink > 1 {
			if seen[inode{s.Dev, s.Ino}] {
				return 0
			}
			seen[inode{s.Dev, s.Ino}] = true
		}
		n := uint64(s.Blocks) * 512
		if f.has('b') {
			n = uint64(s.Size)
		}
		if st.IsDir() {
			entries, err := os.ReadDir(path)
			if err != nil {
				c.complain("cannot read directory '%s': %s", path, text(err))
			}
			for _, e := range entries {
				n += sum(strings.TrimSuffix(path, "/")+"/"+e.Name(), level+1)
			}
		}
		if level <= depth && (st.IsDir() || f.has('a') || level == 0) {
			c.printf("%s\t%s\n", show(n), path)
		}
		return n
	}
	var total uint64
	for _, a := range c.args {
		total += sum(a, 0)
	}
	if f.has('c') {
		c.printf("%s\ttotal\n", show(total))
	}
}
