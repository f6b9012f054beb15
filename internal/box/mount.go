package box

import (
	"os"
	"strings"

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
