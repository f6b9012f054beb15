package sh

import (
	"fmt"
	"strconv"
	"strings"

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
		// prlimit on ourselves tells the kernel's figures, not those the runtime remembers.
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
		if !soft || hard {
			r.Max = v
		}
		if !hard || soft {
			r.Cur = v
		}
		if err := setLimit(l.id, &r); err != nil {
			s.failed(1, "ulimit: error setting limit: %s", errText(err))
		}
		return
	}
	if !all {
		s.failed(2, "ulimit: illegal option -%c", which)
	}
}

// setLimit goes through the library for files, because the runtime raises that limit for itself and
// puts the old one back in every program it starts, unless it is told that somebody chose a new one.
func setLimit(id int, r *unix.Rlimit) error {
	return unix.Setrlimit(id, r)
}
