package unionfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotMounted is returned by [Find] for a directory where no overlay is mounted.
var ErrNotMounted = errors.New("no overlay is mounted there")

// Mounts lists the overlay mounts of the calling thread's mount namespace, in the order in which they were mounted. Those of
// containers are not among them: each is in the container's own namespace.
//
// A directory that was given to mount(2) as a relative path is made absolute where it is certain what it was relative to: the target's
// directory, one above it, or the working directory. Else it stays relative, and [Find] returns an error with it.
//
// Kernel: /proc/thread-self/mountinfo (proc_pid_mountinfo(5)), stat(2).
func Mounts() ([]Overlay, error) {
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list the overlay mounts: %w", err)
	}
	list := parseMountinfo(string(text))
	for i, o := range list {
		list[i] = o.resolve()
	}
	return list, nil
}

// Find returns the overlay that is mounted at target, the topmost if there are several, or ErrNotMounted.
func Find(target string) (Overlay, error) {
	real, err := filepath.Abs(target)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return Overlay{}, fmt.Errorf("find the overlay at %s: %w", target, err)
	}
	all, err := Mounts()
	if err != nil {
		return Overlay{}, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Target == real {
			return all[i], all[i].absolute()
		}
	}
	return Overlay{}, fmt.Errorf("find the overlay at %s: %w", target, ErrNotMounted)
}

// parseMountinfo finds the lines whose file system type is overlay:
//
//	560 28 0:49 / /merged rw,relatime - overlay overlay rw,lowerdir=/lower,upperdir=/upper,workdir=/work
func parseMountinfo(text string) []Overlay {
	var list []Overlay
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - overlay ")
		head, tail := strings.Fields(before), strings.Fields(after)
		if !ok || len(head) < 6 || len(tail) < 2 {
			continue
		}
		o := Overlay{Target: decode(head[4]), ReadOnly: strings.HasPrefix(head[5]+",", "ro,")}
		for opt := range strings.SplitSeq(tail[len(tail)-1], ",") { // a comma in a directory's name is \054 here
			o.option(decode(opt))
		}
		list = append(list, o)
	}
	return list
}

// ParseOptions reads what mount(8) takes behind -o, the inverse of [Overlay.Options]. Options that Overlay has no field for are
// passed over: see [Unknown].
func ParseOptions(text string) Overlay {
	var o Overlay
	for _, opt := range split(text, ',') {
		o.option(opt)
	}
	return o
}

func (o *Overlay) option(text string) {
	key, value, _ := strings.Cut(text, "=")
	switch key {
	case "lowerdir":
		for _, dir := range split(value, ':') {
			if dir != "" { // "::" stands before layers that hold data only
				o.Lower = append(o.Lower, unescape(dir))
			}
		}
	case "lowerdir+": // what fsconfig(2) takes one by one, as it is
		o.Lower = append(o.Lower, value)
	case "upperdir":
		o.Upper = unescape(value)
	case "workdir":
		o.Work = unescape(value)
	case "ro":
		o.ReadOnly = true
	case "volatile":
		o.Volatile = true
	case "userxattr":
		o.UserXattr = true
	}
}

// Unknown returns the options that ParseOptions passes over and that are not what a mount of this package has anyway.
func Unknown(text string) []string {
	var list []string
	for _, opt := range split(text, ',') {
		key, _, _ := strings.Cut(opt, "=")
		switch key {
		case "lowerdir", "upperdir", "workdir", "ro", "rw", "volatile", "userxattr", "":
		default:
			switch opt {
			case "redirect_dir=nofollow", "metacopy=off", "index=off":
			default:
				list = append(list, opt)
			}
		}
	}
	return list
}

// split cuts text at each separator that has no backslash before it. The backslashes stay.
func split(text string, at byte) []string {
	var list []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case at:
			list = append(list, text[start:i])
			start = i + 1
		}
	}
	return append(list, text[start:])
}

// unescape takes the backslashes away that [Overlay.Options] puts before ":", "," and "\".
func unescape(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '\\' && i+1 < len(path) {
			i++
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

// decode undoes the octal escapes of mountinfo: a blank is \040.
func decode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isOctal(s string) bool {
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}
