package sh

import (
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const maxFD = 10 // redirections name descriptors 0 to 9; the shell keeps its own above

// flow says why the commands after this one are not run.
type flow uint8

const (
	flowNone flow = iota
	flowBreak
	flowContinue
	flowReturn
	flowExit
	flowAbort // back to the prompt: an interrupt, or an error at a terminal
)

// Shell is the state that a POSIX shell calls its execution environment.
type Shell struct {
	name   string // $0
	pid    int    // $$
	line   int
	vars   map[string]*variable
	funcs  map[string]ref
	alias  map[string]string
	params []string
	on     [128]bool // options by letter; pipefail is 'P'
	fds    [maxFD]int

	status         int
	lastBackground int

	flow      flow
	flowCount int // loops still to leave
	loops     int
	calls     int
	scopes    []map[string]*variable // what local hid, innermost last
	noErrexit int

	traps    map[string]string
	inTrap   bool
	nested   bool // a copy that runs (…) or $(…) in the shell's own process
	stage    bool // this process was started for a part of a command
	savedDir int  // where the parent of a nested shell was, or -1
	oldMask  int  // its umask, or -1
	newTraps bool

	oldLimits map[int]unix.Rlimit // limits of the parent of a nested shell

	interactive bool
	prompts     bool // interactive, or a copy of one that is
	tty         int  // controlling terminal when job control is on, else -1
	group       int
	jobs        []*job
	subst       int // status of the last command substitution, or -1
	depth       int
	getopt      int // place within the current argument of getopts
}

func newShell(name string) *Shell {
	s := &Shell{name: name, pid: os.Getpid(), vars: make(map[string]*variable), funcs: make(map[string]ref),
		alias: make(map[string]string), traps: make(map[string]string), savedDir: -1, oldMask: -1, tty: -1, subst: -1}
	for i := range s.fds {
		s.fds[i] = -1
		// Above 2 the shell hands on what it was given; the runtime's own are close-on-exec.
		if fl, err := unix.FcntlInt(uintptr(i), unix.F_GETFD, 0); err == nil && (i < 3 || fl&unix.FD_CLOEXEC == 0) {
			s.fds[i] = i
		}
	}
	return s
}

func (s *Shell) opt(c byte) bool { return s.on[c] }

func (s *Shell) flags() string {
	var b strings.Builder
	for _, c := range []byte("aCefhimnuvx") {
		if s.on[c] || c == 'i' && s.interactive {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// assign sets a variable; a read-only one stays and false is returned.
func (s *Shell) assign(name, value string) bool {
	v := s.vars[name]
	if v == nil {
		v = &variable{}
		s.vars[name] = v
	}
	if v.fixed {
		return false
	}
	v.value, v.set = value, true
	v.export = v.export || s.opt('a')
	if name == "OPTIND" {
		s.getopt = 0
	}
	return true
}

// copy is the state for a subshell that this process runs itself.
func (s *Shell) copy() *Shell {
	c := *s
	c.vars = make(map[string]*variable, len(s.vars))
	for k, v := range s.vars {
		d := *v
		c.vars[k] = &d
	}
	c.funcs, c.alias = maps.Clone(s.funcs), maps.Clone(s.alias)
	c.traps = make(map[string]string)
	for k, v := range s.traps {
		if v == "" && k != "EXIT" {
			c.traps[k] = ""
		}
	}
	c.params = slices.Clone(s.params)
	c.scopes = slices.Clone(s.scopes)
	c.nested, c.savedDir, c.oldMask, c.newTraps = true, -1, -1, false
	c.tty, c.jobs, c.loops = -1, nil, 0
	c.interactive, c.oldLimits = false, nil
	return &c
}

// leave undoes what a nested shell changed of the process it shares.
func (c *Shell) leave(parent *Shell) {
	c.exitTrap()
	if c.savedDir >= 0 {
		unix.Fchdir(c.savedDir)
		unix.Close(c.savedDir)
	}
	if c.oldMask >= 0 {
		unix.Umask(c.oldMask)
	}
	for id, old := range c.oldLimits {
		unix.Setrlimit(id, &old)
	}
	if c.newTraps {
		for sig := range c.traps {
			parent.arm(sig)
		}
	}
}
