package box

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func uname(c *call) {
	f := c.parse("asnrvmpio", "all=a", "kernel-name=s", "nodename=n", "kernel-release=r", "machine=m")
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		c.fail("%s", text(err))
	}
	z := func(b []byte) string { s, _, _ := bytes.Cut(b, []byte{0}); return string(s) }
	var out []string
	for _, p := range []struct {
		l byte
		v string
	}{{'s', z(u.Sysname[:])}, {'n', z(u.Nodename[:])}, {'r', z(u.Release[:])}, {'v', z(u.Version[:])}, {'m', z(u.Machine[:])}, {'o', "GNU/Linux"}} {
		if f.has(p.l) || f.has('a') || len(f.order) == 0 && p.l == 's' {
			out = append(out, p.v)
		}
	}
	c.printf("%s\n", strings.Join(out, " "))
}

func hostname(c *call) {
	f := c.parse("sfiIdF:", "short=s")
	if len(c.args) > 0 {
		if err := unix.Sethostname([]byte(c.args[0])); err != nil {
			c.fail("sethostname: %s", text(err))
		}
		return
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		c.fail("%s", text(err))
	}
	name, _, _ := bytes.Cut(u.Nodename[:], []byte{0})
	h := string(name)
	switch {
	case f.has('s'):
		h, _, _ = strings.Cut(h, ".")
	case f.has('i') || f.has('I'):
		h = strings.Join(ownAddresses(), " ")
	}
	c.printf("%s\n", h)
}

func uptime(c *call) {
	var s unix.Sysinfo_t
	if err := unix.Sysinfo(&s); err != nil {
		c.fail("%s", text(err))
	}
	up := time.Duration(s.Uptime) * time.Second
	days := ""
	if d := int(up.Hours()) / 24; d > 0 {
		days = fmt.Sprintf("%d days, ", d)
	}
	l := func(i int) float64 { return float64(s.Loads[i]) / 65536 }
	c.printf(" %s up %s%2d:%02d,  load average: %.2f, %.2f, %.2f\n", time.Now().Format("15:04:05"), days,
		int(up.Hours())%24, int(up.Minutes())%60, l(0), l(1), l(2))
}

func free(c *call) {
	f := c.parse("bkmgh", "human=h")
	m := memInfo()
	if len(m) == 0 {
		c.fail("can't read /proc/meminfo")
	}
	show := func(v uint64) string {
		switch {
		case f.has('h'):
			return human(v)
		case f.has('b'):
			return strconv.FormatUint(v, 10)
		case f.has('m'):
			return strconv.FormatUint(v>>20, 10)
		case f.has('g'):
			return strconv.FormatUint(v>>30, 10)
		}
		return strconv.FormatUint(v>>10, 10)
	}
	cache := m["Buffers"] + m["Cached"] + m["SReclaimable"]
	c.printf("%19s%12s%12s%12s%12s%12s\n", "total", "used", "free", "shared", "buff/cache", "available")
	c.printf("Mem:   %12s%12s%12s%12s%12s%12s\n", show(m["MemTotal"]), show(m["MemTotal"]-min(m["MemFree"]+cache, m["MemTotal"])), show(m["MemFree"]),
		show(m["Shmem"]), show(cache), show(m["MemAvailable"]))
	c.printf("Swap:  %12s%12s%12s\n", show(m["SwapTotal"]), show(m["SwapTotal"]-m["SwapFree"]), show(m["SwapFree"]))
}

func dmesg(c *call) {
	c.parse("")
	const readAll, size = 3, 10 // SYSLOG_ACTION_READ_ALL, SYSLOG_ACTION_SIZE_BUFFER, see syslog(2)
	n, err := unix.Klogctl(size, nil)
	if err != nil {
		c.fail("klogctl: %s", text(err))
	}
	buf := make([]byte, n)
	if n, err = unix.Klogctl(readAll, buf); err != nil {
		c.fail("klogctl: %s", text(err))
	}
	for line := range strings.Lines(string(buf[:n])) {
		if strings.HasPrefix(line, "<") {
			_, line, _ = strings.Cut(line, ">")
		}
		c.printf("%s", line)
	}
}

func sync_(c *call) { unix.Sync() }
