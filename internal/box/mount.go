package box

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mounted is one line of /proc/self/mounts.
type mounted struct{ source, target, kind, options string }

func mounts() ([]mounted, error) {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var out []mounted
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) >= 4 {
			out = append(out, mounted{unescape.Replace(f[0]), unescape.Replace(f[1]), f[2], f[3]})
		}
	}
	return out, nil
}

var mountOptions = [...]struct {
	name string
	flag uintptr
	off  bool
}{
	{"ro", unix.MS_RDONLY, false}, {"rw", unix.MS_RDONLY, true}, {"nosuid", unix.MS_NOSUID, false}, {"suid", unix.MS_NOSUID, true},
	{"nodev", unix.MS_NODEV, false}, {"dev", unix.MS_NODEV, true}, {"noexec", unix.MS_NOEXEC, false}, {"exec", unix.MS_NOEXEC, true},
	{"noatime", unix.MS_NOATIME, false}, {"relatime", unix.MS_RELATIME, false}, {"sync", unix.MS_SYNCHRONOUS, false},
	{"remount", unix.MS_REMOUNT, false}, {"bind", unix.MS_BIND, false}, {"rbind", unix.MS_BIND | unix.MS_REC, false},
	{"private", unix.MS_PRIVATE, false}, {"rprivate", unix.MS_PRIVATE | unix.MS_REC, false}, {"shared", unix.MS_SHARED, false},
	{"rshared", unix.MS_SHARED | unix.MS_REC, false}, {"slave", unix.MS_SLAVE, false}, {"rslave", unix.MS_SLAVE | unix.MS_REC, false},
	{"unbindable", unix.MS_UNBINDABLE, false}, {"move", unix.MS_MOVE, false}, {"defaults", 0, false},
}

// mountFlags splits options into flags of mount(2) and the data for the file system.
func mountFlags(flags uintptr, options string) (uintptr, string) {
	var data []string
next:
	for o := range strings.SplitSeq(options, ",") {
		if o == "" {
			continue
		}
		for _, m := range mountOptions {
			if m.name == o {
				if m.off {
					flags &^= m.flag
				} else {
					flags |= m.flag
				}
				continue next
			}
		}
		data = append(data, o)
	}
	return flags, strings.Join(data, ",")
}

func mount(c *call) {
	f := c.parse("t:o:rwBRMnv", "types=t", "options=o", "bind=B", "rbind=R", "move=M", "read-only=r", "make-private=0", "make-rprivate=1",
		"make-shared=2", "make-rshared=3", "make-slave=4", "make-rslave=5")
	var flags uintptr
	for l, bit := range map[byte]uintptr{'r': unix.MS_RDONLY, 'B': unix.MS_BIND, 'R': unix.MS_BIND | unix.MS_REC, 'M': unix.MS_MOVE,
		'0': unix.MS_PRIVATE, '1': unix.MS_PRIVATE | unix.MS_REC, '2': unix.MS_SHARED, '3': unix.MS_SHARED | unix.MS_REC,
		'4': unix.MS_SLAVE, '5': unix.MS_SLAVE | unix.MS_REC} {
		if f.has(l) {
			flags |= bit
		}
	}
	flags, data := mountFlags(flags, strings.Join(f.values['o'], ","))
	kind := f.value('t', "")
	if len(c.args) == 0 {
		list, err := mounts()
		if err != nil {
			c.fail("can't read /proc/self/mounts: %s", text(err))
		}
		for _, m := range list {
			if kind == "" || kind == m.kind {
				c.printf("%s on %s type %s (%s)\n", m.source, m.target, m.kind, m.options)
			}
		}
		return
	}
	source, target := "none", c.args[0]
	if len(c.args) > 1 {
		source, target = c.args[0], c.args[1]
	} else if flags&(unix.MS_REMOUNT|unix.MS_PRIVATE|unix.MS_SHARED|unix.MS_SLAVE|unix.MS_UNBINDABLE) == 0 {
		c.fail("can't find %s in /etc/fstab", target)
	}
	// A bind mount takes other flags only in a second call, see mount(2).
	later := uintptr(0)
	if flags&unix.MS_BIND != 0 && flags&unix.MS_REMOUNT == 0 {
		later = flags & (unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
		flags &= unix.MS_BIND | unix.MS_REC
	}
	kinds := []string{kind}
	if kind == "" && flags&(unix.MS_BIND|unix.MS_REMOUNT|unix.MS_MOVE|unix.MS_PRIVATE|unix.MS_SHARED|unix.MS_SLAVE) == 0 {
		kinds = diskTypes()
	}
	var err error
	for _, k := range kinds {
		if err = unix.Mount(source, target, k, flags, data); err == nil {
			break
		}
	}
	if err == nil && later != 0 {
		err = unix.Mount("none", target, "", later|unix.MS_BIND|unix.MS_REMOUNT, "")
	}
	if err == nil {
		return
	}
	switch {
	case err == unix.EPERM:
		c.complain("permission denied (are you root?)")
	default:
		c.complain("mounting %s on %s failed: %s", source, target, text(err))
	}
	if err == unix.EPERM {
		c.code = 1
	} else {
		c.code = 32
	}
}

// diskTypes are the file systems that live on a device, from /proc/filesystems.
func diskTypes() []string {
	b, _ := os.ReadFile("/proc/filesystems")
	var out []string
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "nodev") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	if len(out) == 0 {
		out = []string{"ext4"}
	}
	return out
}

func umount(c *call) {
	f := c.parse("lfrnaR", "lazy=l", "force=f")
	c.operands(1, -1)
	flags := 0
	if f.has('l') {
		flags |= unix.MNT_DETACH
	}
	if f.has('f') {
		flags |= unix.MNT_FORCE
	}
	for _, a := range c.args {
		if err := unix.Unmount(a, flags); err != nil {
			c.complain("can't unmount %s: %s", a, text(err))
		}
	}
}

func df(c *call) {
	f := c.parse("hkmTaPi", "human-readable=h", "print-type=T")
	list, err := mounts()
	if len(c.args) > 0 {
		var chosen []mounted
		for _, a := range c.args {
			abs, _ := filepath.Abs(a)
			if r, e := filepath.EvalSymlinks(abs); e == nil {
				abs = r
			} else {
				c.complain("%s: %s", a, text(e))
				continue
			}
			best := mounted{source: "-", target: abs, kind: "-"}
			for _, m := range list {
				if (m.target == "/" || abs == m.target || strings.HasPrefix(abs, m.target+"/")) && (best.kind == "-" || len(m.target) >= len(best.target)) {
					best = m
				}
			}
			chosen = append(chosen, best)
		}
		list = chosen
	} else if err != nil {
		c.fail("can't read /proc/self/mounts: %s", text(err))
	}
	rows := [][]string{{"Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"}}
	unit := uint64(1 << 10)
	if f.has('m') {
		unit, rows[0][1] = 1<<20, "1M-blocks"
	}
	if f.has('h') {
		rows[0][1], rows[0][3] = "Size", "Avail"
	}
	seen := make(map[string]bool)
	for _, m := range list {
		var s unix.Statfs_t
		if unix.Statfs(m.target, &s) != nil || s.Blocks == 0 && !f.has('a') && len(c.args) == 0 || seen[m.target] {
			continue
		}
		seen[m.target] = true
		size := uint64(s.Bsize)
		used := s.Blocks - s.Bfree
		show := func(n uint64) string {
			if f.has('h') {
				return human(n * size)
			}
			return strconv.FormatUint(n*size/unit, 10)
		}
		pct := "-"
		if used+s.Bavail > 0 {
			pct = strconv.FormatUint((used*100+used+s.Bavail-1)/(used+s.Bavail), 10) + "%"
		}
		rows = append(rows, []string{m.source, show(s.Blocks), show(used), show(s.Bavail), pct, m.target})
		if f.has('T') {
			rows[len(rows)-1][0] += " " + m.kind
		}
	}
	var width [6]int
	for _, r := range rows {
		for i, v := range r {
			width[i] = max(width[i], len(v))
		}
	}
	for _, r := range rows {
		c.printf("%-*s %*s %*s %*s %*s %s\n", max(width[0], 14), r[0], width[1], r[1], width[2], r[2], width[3], r[3], width[4], r[4], r[5])
	}
}

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
