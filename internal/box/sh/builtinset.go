package sh

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// optionNames are the long names of set -o.
var optionNames = [...]struct {
	letter byte
	name   string
}{
	{'a', "allexport"}, {'e', "errexit"}, {'m', "monitor"}, {'C', "noclobber"}, {'n', "noexec"}, {'f', "noglob"},
	{'b', "notify"}, {'u', "nounset"}, {'P', "pipefail"}, {'v', "verbose"}, {'x', "xtrace"}, {'i', "interactive"},
}

// set handles options and positional parameters.
func (s *Shell) set(args []string) {
	if len(args) == 1 {
		for _, k := range slices.Sorted(maps.Keys(s.vars)) {
			if v := s.vars[k]; v.set {
				s.write(k + "=" + quoteAlways(v.value) + "\n")
			}
		}
		return
	}
	rest, params, err := s.options(args[1:])
	if err != nil {
		s.failed(2, "set: %s", err)
		if !s.interactive {
			s.flow = flowExit
		}
		return
	}
	if params || len(rest) > 0 {
		s.params = rest
	}
}

// options reads -eux, +x, -o name, --. params tells that what follows replaces the parameters even if empty.
func (s *Shell) options(args []string) (rest []string, params bool, err error) {
	for len(args) > 0 {
		a := args[0]
		if a == "--" {
			return args[1:], true, nil
		}
		if a == "-" || a == "+" || a == "" || a[0] != '-' && a[0] != '+' {
			return args, true, nil
		}
		on := a[0] == '-'
		args = args[1:]
		for _, c := range []byte(a[1:]) {
			if c == 'o' {
				if len(args) == 0 {
					s.showOptions(on)
					continue
				}
				if !s.longOption(args[0], on) {
					return nil, false, fmt.Errorf("illegal option -o %s", args[0])
				}
				args = args[1:]
				continue
			}
			if strings.IndexByte("aebmCnfuvxihlsI", c) < 0 {
				return nil, false, fmt.Errorf("illegal option -%c", c)
			}
			s.on[c] = on
		}
	}
	return nil, false, nil
}

func (s *Shell) longOption(name string, on bool) bool {
	for _, o := range optionNames {
		if o.name == name {
			s.on[o.letter] = on
			return true
		}
	}
	return false
}

func (s *Shell) showOptions(table bool) {
	for _, o := range optionNames {
		on := s.on[o.letter] || o.letter == 'i' && s.interactive
		switch {
		case table:
			state := "off"
			if on {
				state = "on"
			}
			s.write(fmt.Sprintf("%-16s%s\n", o.name, state))
		case on:
			s.write("set -o " + o.name + "\n")
		default:
			s.write("set +o " + o.name + "\n")
		}
	}
}

func (s *Shell) times(_ []string) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var r unix.Rusage
		unix.Getrusage(who, &r)
		show := func(n int64) string {
			d := time.Duration(n)
			return fmt.Sprintf("%dm%.3fs", int(d.Minutes()), (d % time.Minute).Seconds())
		}
		s.write(show(r.Utime.Nano()) + " " + show(r.Stime.Nano()) + "\n")
	}
}

// trap sets, removes or lists actions.
func (s *Shell) trap(args []string) {
	args = args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		for _, k := range slices.Sorted(maps.Keys(s.traps)) {
			s.write("trap -- " + quoteAlways(s.traps[k]) + " " + k + "\n")
		}
		return
	}
	if args[0] == "-l" {
		s.write(SignalList())
		return
	}
	action, remove := args[0], false
	_, number := ParseSignal(args[0])
	if number && (isDigit(args[0][0]) || len(args) == 1) || len(args) == 1 {
		remove = true
	} else {
		args = args[1:]
	}
	remove = remove || action == "-"
	for _, a := range args {
		name := strings.TrimPrefix(strings.ToUpper(a), "SIG")
		sig, ok := ParseSignal(a)
		switch {
		case name == "EXIT" || ok && sig == 0:
			name = "EXIT"
		case !ok:
			s.failed(1, "trap: %s: invalid signal specification", a)
			continue
		default:
			name = SignalName(sig)
		}
		if remove {
			delete(s.traps, name)
		} else {
			s.traps[name] = action
		}
		s.newTraps = true
		s.arm(name)
	}
}

func (s *Shell) umask(args []string) {
	old := unix.Umask(0)
	unix.Umask(old)
	if len(args) > 1 && args[1] == "-S" {
		who := func(shift int) string {
			var b strings.Builder
			for i, c := range []byte("rwx") {
				if old>>shift&(4>>i) == 0 {
					b.WriteByte(c)
				}
			}
			return b.String()
		}
		s.write("u=" + who(6) + ",g=" + who(3) + ",o=" + who(0) + "\n")
		return
	}
	if len(args) == 1 {
		s.write(fmt.Sprintf("%04o\n", old))
		return
	}
	n := 0
	for _, c := range []byte(args[1]) {
		if c < '0' || c > '7' || n > 0o777 {
			s.failed(2, "umask: Illegal number: %s", args[1])
			return
		}
		n = n*8 + int(c-'0')
	}
	if s.nested && s.oldMask < 0 {
		s.oldMask = old
	}
	unix.Umask(n & 0o777)
}
