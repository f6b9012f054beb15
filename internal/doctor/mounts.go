package doctor

import (
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// mount is one line of mountinfo.
type mount struct{ point, kind, source string }

// parseMounts reads proc_pid_mountinfo(5): six fields, any number of optional ones, "-", and three more.
func parseMounts(text string) []mount {
	var list []mount
	for line := range strings.Lines(text) {
		front, back, ok := strings.Cut(line, " - ")
		head, tail := strings.Fields(front), strings.Fields(back)
		if ok && len(head) >= 6 && len(tail) >= 2 {
			list = append(list, mount{unescape().Replace(head[4]), tail[0], unescape().Replace(tail[1])})
		}
	}
	return list
}

// unescape undoes what the kernel does to the four characters that would break a line.
var unescape = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
})

// mountOf finds the mount that an absolute path without symbolic links is on: the deepest, and of two at one place the later.
func mountOf(mounts []mount, path string) *mount {
	var best *mount
	for i := range mounts {
		m := &mounts[i]
		inside := m.point == "/" || path == m.point || strings.HasPrefix(path, m.point+"/")
		if inside && (best == nil || len(m.point) >= len(best.point)) {
			best = m
		}
	}
	return best
}

func unameRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
