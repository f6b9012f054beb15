package box

import (
	"bytes"
	"fmt"
	"os"
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

func id(c *call) {
	f := c.parse("ugGnr", "user=u", "group=g", "groups=G", "name=n")
	us, gs := users(), groups()
	uid, gid := os.Getuid(), os.Getgid()
	if !f.has('r') && (f.has('u') || f.has('g')) {
		uid, gid = os.Geteuid(), os.Getegid()
	}
	more, _ := os.Getgroups()
	if len(c.args) > 0 {
		n, ok := us.id(c.args[0])
		if !ok {
			c.fail("'%s': no such user", c.args[0])
		}
		uid, gid = n, us.group[us.name(n)]
		more = nil
		gs.load()
		for g, members := range gs.lists {
			for _, m := range members {
				if m == us.name(n) {
					more = append(more, gs.byName[g])
				}
			}
		}
	}
	all := []int{gid}
	for _, g := range more {
		if g != gid {
			all = append(all, g)
		}
	}
	show := func(db *accounts, n int) string {
		if f.has('n') {
			return db.name(n)
		}
		return strconv.Itoa(n)
	}
	full := func(db *accounts, n int) string {
		if name := db.known(n); name != "" {
			return fmt.Sprintf("%d(%s)", n, name)
		}
		return strconv.Itoa(n)
	}
	var list []string
	switch {
	case f.has('u'):
		c.printf("%s\n", show(us, uid))
	case f.has('g'):
		c.printf("%s\n", show(gs, gid))
	case f.has('G'):
		for _, g := range all {
			list = append(list, show(gs, g))
		}
		c.printf("%s\n", strings.Join(list, " "))
	default:
		for _, g := range all {
			list = append(list, full(gs, g))
		}
		c.printf("uid=%s gid=%s", full(us, uid), full(gs, gid))
		if len(c.args) == 0 && os.Geteuid() != uid {
			c.printf(" euid=%s", full(us, os.Geteuid()))
		}
		c.printf(" groups=%s\n", strings.Join(list, ","))
	}
}

func whoami(c *call) {
	if name := users().known(os.Geteuid()); name != "" {
		c.printf("%s\n", name)
		return
	}
	c.fail("unknown uid %d", os.Geteuid())
}

// parseDate reads what date -d and touch -d commonly get.
func parseDate(s string) (time.Time, error) {
	if n, ok := strings.CutPrefix(s, "@"); ok {
		v, err := strconv.ParseInt(n, 10, 64)
		return time.Unix(v, 0), err
	}
	if s == "now" {
		return time.Now(), nil
	}
	var t time.Time
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01-02T15:04:05", "Mon Jan _2 15:04:05 MST 2006"} {
		if t, err = time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return t, err
}

func date(c *call) {
	f := c.parse("ud:s:RI", "utc=u", "date=d", "set=s", "rfc-email=R")
	t := time.Now()
	if f.has('d') {
		var err error
		if t, err = parseDate(f.value('d', "")); err != nil {
			c.fail("invalid date '%s'", f.value('d', ""))
		}
	}
	if f.has('s') {
		n, err := parseDate(f.value('s', ""))
		if err != nil {
			c.fail("invalid date '%s'", f.value('s', ""))
		}
		tv := unix.NsecToTimeval(n.UnixNano())
		if err := unix.Settimeofday(&tv); err != nil {
			c.complain("can't set date: %s", text(err))
		}
		t = n
	}
	if f.has('u') {
		t = t.UTC()
	}
	format := "+%a %b %e %H:%M:%S %Z %Y"
	if f.has('R') {
		format = "+%a, %d %b %Y %H:%M:%S %z"
	} else if f.has('I') {
		format = "+%Y-%m-%d"
	}
	if len(c.args) > 0 {
		if format = c.args[0]; !strings.HasPrefix(format, "+") {
			c.fail("invalid date '%s'", format)
		}
	}
	c.printf("%s\n", strftime(format[1:], t))
}

// strftime formats a time, see strftime(3).
func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 >= len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		layout := ""
		switch format[i] {
		case 'a':
			layout = "Mon"
		case 'A':
			layout = "Monday"
		case 'b', 'h':
			layout = "Jan"
		case 'B':
			layout = "January"
		case 'd':
			layout = "02"
		case 'e':
			layout = "_2"
		case 'H':
			layout = "15"
		case 'I':
			layout = "03"
		case 'M':
			layout = "04"
		case 'm':
			layout = "01"
		case 'S':
			layout = "05"
		case 'p':
			layout = "PM"
		case 'y':
			layout = "06"
		case 'Y':
			layout = "2006"
		case 'Z':
			layout = "MST"
		case 'z':
			layout = "-0700"
		case 'F':
			layout = "2006-01-02"
		case 'T', 'X':
			layout = "15:04:05"
		case 'R':
			layout = "15:04"
		case 'D', 'x':
			layout = "01/02/06"
		case 'c':
			layout = "Mon Jan _2 15:04:05 2006"
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 'u':
			fmt.Fprint(&b, (int(t.Weekday())+6)%7+1)
		case 'w':
			fmt.Fprint(&b, int(t.Weekday()))
		case 's':
			fmt.Fprint(&b, t.Unix())
		case 'N':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '%':
			b.WriteByte('%')
		default:
			b.WriteString(format[i-1 : i+1])
		}
		if layout != "" {
			b.WriteString(t.Format(layout))
		}
	}
	return b.String()
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

func tty(c *call) {
	f := c.parse("s")
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err != nil {
		if !f.has('s') {
			c.printf("not a tty\n")
		}
		c.exit(1)
	}
	name, err := os.Readlink("/proc/self/fd/0")
	if err != nil {
		name = "/dev/tty"
	}
	if !f.has('s') {
		c.printf("%s\n", name)
	}
}

func stty(c *call) {
	t, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		c.fail("standard input: %s", text(err))
	}
	if len(c.args) == 0 || c.args[0] == "-a" || c.args[0] == "size" {
		w, _ := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		if w == nil {
			w = &unix.Winsize{}
		}
		if len(c.args) > 0 && c.args[0] == "size" {
			c.printf("%d %d\n", w.Row, w.Col)
			return
		}
		on := func(b bool, name string) string {
			if b {
				return name
			}
			return "-" + name
		}
		c.printf("speed 38400 baud; rows %d; columns %d;\n%s %s %s %s %s\n", w.Row, w.Col, on(t.Iflag&unix.ICRNL != 0, "icrnl"), on(t.Oflag&unix.OPOST != 0, "opost"),
			on(t.Lflag&unix.ISIG != 0, "isig"), on(t.Lflag&unix.ICANON != 0, "icanon"), on(t.Lflag&unix.ECHO != 0, "echo"))
		return
	}
	for i := 0; i < len(c.args); i++ {
		a := c.args[i]
		off := strings.HasPrefix(a, "-")
		set := func(flags *uint32, bit uint32) {
			if *flags |= bit; off {
				*flags &^= bit
			}
		}
		switch strings.TrimPrefix(a, "-") {
		case "echo":
			set(&t.Lflag, unix.ECHO)
		case "icanon":
			set(&t.Lflag, unix.ICANON)
		case "isig":
			set(&t.Lflag, unix.ISIG)
		case "tostop":
			set(&t.Lflag, unix.TOSTOP)
		case "icrnl":
			set(&t.Iflag, unix.ICRNL)
		case "opost":
			set(&t.Oflag, unix.OPOST)
		case "raw":
			t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
			t.Oflag &^= unix.OPOST
			t.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG | unix.IEXTEN
		case "sane", "cooked":
			t.Iflag |= unix.BRKINT | unix.ICRNL | unix.IXON
			t.Oflag |= unix.OPOST | unix.ONLCR
			t.Lflag |= unix.ECHO | unix.ECHOE | unix.ECHOK | unix.ICANON | unix.ISIG | unix.IEXTEN
		case "rows", "cols", "columns":
			if i+1 >= len(c.args) {
				c.misuse("missing argument to '%s'", a)
			}
			i++
			w, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
			if err != nil {
				c.fail("%s", text(err))
			}
			if n := uint16(c.number(c.args[i])); a == "rows" {
				w.Row = n
			} else {
				w.Col = n
			}
			if err := unix.IoctlSetWinsize(0, unix.TIOCSWINSZ, w); err != nil {
				c.fail("%s", text(err))
			}
		default:
			c.misuse("invalid argument '%s'", a)
		}
	}
	if err := unix.IoctlSetTermios(0, unix.TCSETSW, t); err != nil {
		c.fail("%s", text(err))
	}
}
