package box

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func touch(c *call) {
	f := c.parse("amcr:d:t:h", "no-create=c", "reference=r", "date=d")
	c.operands(1, -1)
	at, mt := time.Now(), time.Now()
	if r := f.value('r', ""); r != "" {
		var st unix.Stat_t
		if err := unix.Stat(r, &st); err != nil {
			c.fail("cannot stat '%s': %s", r, text(err))
		}
		at, mt = time.Unix(st.Atim.Unix()), time.Unix(st.Mtim.Unix())
	}
	if d := f.value('d', ""); d != "" {
		t, err := parseDate(d)
		if err != nil {
			c.fail("invalid date '%s'", d)
		}
		at, mt = t, t
	}
	if d := f.value('t', ""); d != "" {
		t, err := time.ParseInLocation("200601021504.05", d, time.Local)
		if err != nil {
			t, err = time.ParseInLocation("200601021504", d, time.Local)
		}
		if err != nil {
			c.fail("invalid date '%s'", d)
		}
		at, mt = t, t
	}
	omit := unix.Timespec{Nsec: unix.UTIME_OMIT}
	ts := []unix.Timespec{unix.NsecToTimespec(at.UnixNano()), unix.NsecToTimespec(mt.UnixNano())}
	if f.has('a') && !f.has('m') {
		ts[1] = omit
	}
	if f.has('m') && !f.has('a') {
		ts[0] = omit
	}
	for _, a := range c.args {
		err := unix.UtimesNanoAt(unix.AT_FDCWD, a, ts, 0)
		if errors.Is(err, fs.ErrNotExist) {
			if f.has('c') {
				continue
			}
			var file *os.File
			if file, err = os.OpenFile(a, os.O_WRONLY|os.O_CREATE, 0o666); err == nil {
				file.Close()
				err = unix.UtimesNanoAt(unix.AT_FDCWD, a, ts, 0)
			}
		}
		if err != nil {
			c.complain("cannot touch '%s': %s", a, text(err))
		}
	}
}
