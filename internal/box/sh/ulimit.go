package sh

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var limits = [...]struct {
	letter byte
	name   string
	id     int
	unit   uint64
}{
	{'t', "cpu time (seconds)", unix.RLIMIT_CPU, 1},
	{'f', "file size (blocks)", unix.RLIMIT_FSIZE, 512},
	{'d', "data seg size (kb)", unix.RLIMIT_DATA, 1024},
	{'s', "stack size (kb)", unix.RLIMIT_STACK, 1024},
	{'c', "core file size (blocks)", unix.RLIMIT_CORE, 512},
	{'m', "resident set size (kb)", unix.RLIMIT_RSS, 1024},
	{'l', "locked memory (kb)", unix.RLIMIT_MEMLOCK, 1024},
	{'p', "processes", unix.RLIMIT_NPROC, 1},
	{'n', "file descriptors", unix.RLIMIT_NOFILE, 1},
	{'v', "address space (kb)", unix.RLIMIT_AS, 1024},
}

// ulimit shows and sets resource limits, see getrlimit(2).
func (s *Shell) ulimit(args []string) {
	hard, soft, which, all := false, false, byte('f'), false
	args = args[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		for _, c := range []byte(args[0][1:]) {
			switch c {
			case 'H':
				hard = true
			case 'S':
				soft = true
			case 'a':
				all = true
			default:
				which = c
			}
		}
		args = args[1:]
	}
	for _, l := range limits {
		if !all && l.letter != which {
			continue
		}
		var r unix.Rlimit
		if err := unix.Prlimit(0, l.id, nil, &r); err != nil {
			s.failed(1, "ulimit: %s", errText(err))
			return
		}
		if len(args) == 0 || all {
			v := r.Cur
			if hard {
				v = r.Max
			}
			text := "unlimited"
			if v != unix.RLIM_INFINITY {
				text = strconv.FormatUint(v/l.unit, 10)
			}
			if all {
				text = fmt.Sprintf("-%c: %-28s %s", l.letter, l.name, text)
			}
			s.write(text + "\n")
			if !all {
				return
			}
			continue
		}
		v := uint64(unix.RLIM_INFINITY)
		if !strings.EqualFold(args[0], "unlimited") {
			n, err := strconv.ParseUint(args[0], 10, 53)
			if err != nil {
				s.failed(2, "ulimit: bad number: %s", args[0])
				return
			}
			v = n * l.unit
		}
		old := r
		if (!soft || hard) && !s.nested {
			r.Max = v
		}
		if !hard || soft {
			r.Cur = v
		}
		if err := unix.Setrlimit(l.id, &r); err != nil {
			s.failed(1, "ulimit: error setting limit: %s", errText(err))
		} else if s.nested {
			s.keepLimit(l.id, old)
		}
		return
	}
	if !all {
		s.failed(2, "ulimit: illegal option -%c", which)
	}
}

// keepLimit notes what a copy of the shell in this process must put back when it ends. It has set the
// soft limit only, for that can always be undone.
func (s *Shell) keepLimit(id int, old unix.Rlimit) {
	if _, known := s.oldLimits[id]; known {
		return
	}
	if s.oldLimits == nil {
		s.oldLimits = make(map[int]unix.Rlimit)
	}
	s.oldLimits[id] = old
}

// GivenLimits puts back the soft limit on open files that this program was started with.
//
// Go's runtime raises RLIMIT_NOFILE for itself before main, keeps the old value where nobody can read
// it, and restores it in children, and in itself just before execve(2), see getrlimit(2). So an
// execve that cannot succeed, of no name at all (ENOENT), makes this process honest too: ulimit -n
// and /proc/PID/limits then show what the container was given.
func GivenLimits() { syscall.Exec("", nil, nil) }
