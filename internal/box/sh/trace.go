package sh

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func (s *Shell) ps4() string {
	v, _ := s.get("PS4")
	return v
}

func (s *Shell) trace(n *simple, args []string) {
	var b strings.Builder
	b.WriteString(s.ps4())
	for _, a := range n.assigns {
		b.WriteString(a.name + "=" + Quote(s.value(a.value)) + " ")
	}
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(Quote(a))
	}
	s.writeErr(b.String() + "\n")
}

// Quote writes a word so that a shell reads it back as one.
func Quote(v string) string {
	if v == "" {
		return "''"
	}
	for i := range len(v) {
		if c := v[i]; !nameByte(c) && strings.IndexByte("%+,-./:=@", c) < 0 && c < 0x80 {
			return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
		}
	}
	return v
}

// timed prints what time(1p) asks for after a pipeline.
func (s *Shell) timed(start time.Time, before unix.Rusage) {
	var after unix.Rusage
	unix.Getrusage(unix.RUSAGE_CHILDREN, &after)
	show := func(d time.Duration) string {
		return fmt.Sprintf("%dm%.3fs", int(d.Minutes()), (d % time.Minute).Seconds())
	}
	user := time.Duration(after.Utime.Nano() - before.Utime.Nano())
	sys := time.Duration(after.Stime.Nano() - before.Stime.Nano())
	s.writeErr(fmt.Sprintf("real\t%s\nuser\t%s\nsys\t%s\n", show(time.Since(start)), show(user), show(sys)))
}
