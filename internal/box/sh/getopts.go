package sh

import (
	"strconv"
	"strings"
)

// getopts is getopts(1p): OPTIND, and inside one argument the place that getopt holds.
func (s *Shell) getopts(args []string) {
	if len(args) < 3 {
		s.failed(2, "usage: getopts optstring var [arg]")
		return
	}
	opts, name := args[1], args[2]
	list := s.params
	if len(args) > 3 {
		list = args[3:]
	}
	v, _ := s.get("OPTIND")
	ind, err := strconv.Atoi(v)
	if err != nil || ind < 1 {
		ind, s.getopt = 1, 0
	}
	quiet := strings.HasPrefix(opts, ":")
	opts = strings.TrimPrefix(opts, ":")
	delete(s.vars, "OPTARG")
	setInd := func(n int) {
		place := s.getopt
		s.mustSet("OPTIND", strconv.Itoa(n))
		s.getopt = place
	}
	if ind > len(list) || s.getopt == 0 && (len(list[ind-1]) < 2 || list[ind-1][0] != '-' || list[ind-1] == "--") {
		if ind <= len(list) && list[ind-1] == "--" {
			ind++
		}
		s.getopt = 0
		setInd(ind)
		s.mustSet(name, "?")
		s.status = 1
		return
	}
	arg := list[ind-1]
	if s.getopt == 0 {
		s.getopt = 1
	}
	if s.getopt >= len(arg) { // somebody changed the list meanwhile
		s.getopt = 1
	}
	c := arg[s.getopt]
	s.getopt++
	at := strings.IndexByte(opts, c)
	more := s.getopt < len(arg)
	advance := func() {
		if !more {
			ind++
			s.getopt = 0
		}
	}
	s.status = 0
	switch {
	case at < 0 || c == ':':
		advance()
		if quiet {
			s.mustSet("OPTARG", string(c))
		} else {
			s.errf("illegal option -%c", c)
		}
		s.mustSet(name, "?")
	case at+1 < len(opts) && opts[at+1] == ':':
		value := arg[s.getopt:]
		ind++
		s.getopt = 0
		if !more {
			if ind > len(list) {
				if quiet {
					s.mustSet(name, ":")
					s.mustSet("OPTARG", string(c))
				} else {
					s.errf("no arg for -%c option", c)
					s.mustSet(name, "?")
				}
				setInd(ind)
				return
			}
			value = list[ind-1]
			ind++
		}
		s.mustSet("OPTARG", value)
		s.mustSet(name, string(c))
	default:
		advance()
		s.mustSet(name, string(c))
	}
	setInd(ind)
}
