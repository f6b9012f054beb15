package box

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

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
