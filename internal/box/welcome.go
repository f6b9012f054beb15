package box

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// welcome shows what the kernel says about this process, each line with the file or the call it was
// read from. At a terminal it then becomes a shell, so that the shell keeps the number it showed.
func welcome(c *call) {
	c.parse("")
	pid := os.Getpid()
	if pid == 1 {
		c.printf("\nYou are in a container.\n\n")
	} else {
		c.printf("\nThis is the box.\n\n")
	}
	line := func(name, value, source string) {
		if len(value) > 34 || 50+len(source) > 80 {
			c.printf("  %-11s %s\n  %-11s   %s\n", name, cutText(value, 66), "", cutText(source, 64))
			return
		}
		c.printf("  %-11s %-34s  %s\n", name, value, source)
	}
	what := strconv.Itoa(pid)
	if pid == 1 {
		what += ", the first process here"
	}
	line("PID", what, "getpid(2)")
	host, _ := os.Hostname()
	line("host name", host, "uname(2)")
	line("user", fmt.Sprintf("uid %d, gid %d", os.Getuid(), os.Getgid()), "getuid(2)")
	c.welcomeMap(line)
	c.welcomeRoot(line)
	if mask := statusField("self", "CapEff"); mask != "" {
		n := len(capNames(parseHex(mask)))
		line("privileges", fmt.Sprintf("%d of %d capabilities", n, len(capabilityNames)), "/proc/self/status, CapEff")
	} else {
		line("privileges", "unknown", "no /proc/self/status")
	}
	if s := statusField("self", "Seccomp"); s != "" {
		line("seccomp", seccompMode(s), "/proc/self/status, Seccomp")
	}
	c.welcomeLimits(line)
	if list, err := tasks(); err == nil {
		line("processes", fmt.Sprintf("%d to be seen", len(list)), "/proc")
	} else {
		line("processes", "unknown", "no /proc")
	}
	c.welcomeNet(line)
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err != nil {
		// Nothing to be typed here: the next prompt is the host's, and a list of things to try would be tried there.
		c.printf("\nWith a terminal (-it) a shell would follow here.\n\n")
		return
	}
	c.printf("\nThree things to try:\n")
	c.printf("  ps aux           who else is here, and with which numbers\n")
	if c.layered {
		c.printf("  rm -rf /etc      only this container loses it; the image keeps it\n")
	} else {
		c.printf("  mount            what is mounted here, and of which type\n")
	}
	c.printf("  caps             what root may do here, and what not\n\n")
	c.out.Flush()
	if _, err := os.Stat("/bin/sh"); err == nil {
		c.become([]string{"/bin/sh"}, os.Environ())
	}
}

func cutText(s string, n int) string {
	if len(s) > n {
		return s[:n-3] + "..."
	}
	return s
}

func parseHex(s string) uint64 {
	n, _ := strconv.ParseUint(s, 16, 64)
	return n
}

type lineFunc func(name, value, source string)

// welcomeMap tells which user outside root here is, if it is another.
func (c *call) welcomeMap(line lineFunc) {
	b, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return
	}
	f := strings.Fields(string(b))
	if len(f) >= 3 && f[0] != f[1] {
		line("", fmt.Sprintf("uid %s here is uid %s outside", f[0], f[1]), "/proc/self/uid_map")
	}
}

func (c *call) welcomeRoot(line lineFunc) {
	list, err := mounts()
	if err != nil {
		line("root /", "unknown mount", "no /proc/self/mounts")
	}
	for i := len(list) - 1; i >= 0; i-- {
		if m := list[i]; m.target == "/" {
			c.layered = m.kind == "overlay" && os.Getpid() == 1
			mode, _, _ := strings.Cut(m.options, ",")
			if mode == "ro" {
				mode = "read-only"
			} else {
				mode = "writable"
			}
			layers := ""
			for o := range strings.SplitSeq(m.options, ",") {
				if v, ok := strings.CutPrefix(o, "lowerdir="); ok {
					layers = fmt.Sprintf(", %d lower", strings.Count(v, ":")+1)
				}
				if strings.HasPrefix(o, "lowerdir+=") {
					layers = ", layered"
				}
			}
			line("root /", m.kind+", "+mode+layers, "/proc/self/mounts")
			break
		}
	}
	if d, err := os.ReadDir("/"); err == nil {
		var names []string
		for _, e := range d {
			names = append(names, e.Name())
		}
		line("", cutText(strings.Join(names, " "), 66), "ls /")
	}
}

// welcomeLimits shows what the cgroup allows; a file that is not there is said to be not visible.
func (c *call) welcomeLimits(line lineFunc) {
	v, file := cgroupValue("memory", "memory.limit_in_bytes", "memory.max")
	switch n := atou(v); {
	case v == "":
		line("memory", "limit not visible", "not in /sys/fs/cgroup")
	case v == "max" || n >= 1<<62:
		line("memory", "no limit", file)
	default:
		line("memory", "at most "+human(n), file)
	}
	c.welcomeCPU(line)
	v, file = cgroupValue("pids", "pids.max", "pids.max")
	switch v {
	case "":
		line("pids", "limit not visible", "not in /sys/fs/cgroup")
	case "max":
		line("pids", "no limit", file)
	default:
		line("pids", "at most "+v, file)
	}
}

func (c *call) welcomeCPU(line lineFunc) {
	show := func(quota, period, file string) {
		if q := atou(quota); q > 0 && atou(period) > 0 && quota != "max" {
			line("cpu", fmt.Sprintf("%s of %s us: %.2f CPU", quota, period, float64(q)/float64(atou(period))), file)
		} else {
			line("cpu", "no quota", file)
		}
	}
	if q, file := cgroupValue("cpu", "cpu.cfs_quota_us", ""); q != "" {
		p, _ := cgroupValue("cpu", "cpu.cfs_period_us", "")
		show(q, p, file)
		return
	}
	v, file := cgroupValue("", "", "cpu.max")
	if f := strings.Fields(v); len(f) == 2 {
		show(f[0], f[1], file)
		return
	}
	line("cpu", "quota not visible", "not in /sys/fs/cgroup")
}

func (c *call) welcomeNet(line lineFunc) {
	list, err := links()
	if err != nil {
		line("network", "unknown: "+text(err), "rtnetlink(7)")
		return
	}
	var names []string
	for _, l := range list {
		names = append(names, l.name)
	}
	value := strings.Join(names, " ")
	if a := ownAddresses(); len(a) > 0 {
		value += ", " + strings.Join(a, " ")
	}
	line("network", value, "rtnetlink(7)")
}
