package sh

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// builtin is a command that the shell runs itself; an error in a special one ends a script.
type builtin struct {
	name    string
	special bool
	run     func(s *Shell, args []string)
}

// findBuiltin is a switch, not a map, so that it costs nothing at program start.
func findBuiltin(name string) *builtin {
	special := true
	var run func(*Shell, []string)
	switch name {
	case ":":
		run = func(s *Shell, _ []string) { s.status = 0 }
	case "true":
		special, run = false, func(s *Shell, _ []string) { s.status = 0 }
	case "false":
		special, run = false, func(s *Shell, _ []string) { s.status = 1 }
	case ".", "source":
		run = (*Shell).dot
	case "break", "continue":
		run = (*Shell).breakLoop
	case "eval":
		run = func(s *Shell, a []string) { s.runString(strings.Join(a[1:], " ")) }
	case "exec":
		run = (*Shell).exec
	case "exit":
		run = (*Shell).exit
	case "return":
		run = (*Shell).exit
	case "export", "readonly":
		run = (*Shell).export
	case "set":
		run = (*Shell).set
	case "shift":
		run = (*Shell).shift
	case "times":
		run = (*Shell).times
	case "trap":
		run = (*Shell).trap
	case "unset":
		run = (*Shell).unset
	default:
		special = false
		run = regular(name)
	}
	if run == nil {
		return nil
	}
	return &builtin{name, special, run}
}

func regular(name string) func(*Shell, []string) {
	switch name {
	case "alias":
		return (*Shell).aliases
	case "unalias":
		return (*Shell).unalias
	case "cd", "chdir":
		return (*Shell).cd
	case "pwd":
		return (*Shell).pwd
	case "echo":
		return func(s *Shell, a []string) { s.status = 0; s.write(Echo(a[1:])) }
	case "printf":
		return func(s *Shell, a []string) {
			out, err := Printf(a[1:])
			if s.write(out); err != nil && s.flow == flowNone {
				s.errf("printf: %s", err)
				s.status = 1
			}
		}
	case "test", "[":
		return (*Shell).test
	case "read":
		return (*Shell).read
	case "getopts":
		return (*Shell).getopts
	case "command":
		return (*Shell).command
	case "type":
		return (*Shell).typeOf
	case "hash":
		return func(s *Shell, _ []string) { s.status = 0 }
	case "jobs":
		return (*Shell).listJobs
	case "fg", "bg":
		return (*Shell).moveJob
	case "wait":
		return (*Shell).wait
	case "kill":
		return (*Shell).kill
	case "umask":
		return (*Shell).umask
	case "ulimit":
		return (*Shell).ulimit
	case "local":
		return (*Shell).local
	case "let":
		return (*Shell).let
	case "help":
		return func(s *Shell, _ []string) {
			s.write("Built in: . : [ alias bg break cd command continue echo eval exec exit export false\nfg getopts hash jobs kill let local printf pwd read readonly return set shift source\ntest times trap true type ulimit umask unalias unset wait\nEverything else is a program: ls /bin\n")
		}
	}
	return nil
}

func (s *Shell) failed(code int, format string, a ...any) {
	s.errf(format, a...)
	s.status = code
}

func (s *Shell) exit(args []string) {
	code := s.status
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			s.errf("%s: Illegal number: %s", args[0], args[1])
			n = 2
		}
		code = n & 255
	}
	s.status = code
	s.flow = flowExit
	if args[0] == "return" {
		s.flow = flowReturn
	}
}

func (s *Shell) breakLoop(args []string) {
	n := 1
	if len(args) > 1 {
		var err error
		if n, err = strconv.Atoi(args[1]); err != nil || n < 1 {
			s.failed(2, "%s: Illegal number: %s", args[0], args[1])
			s.flow = flowExit
			return
		}
	}
	if s.loops == 0 {
		return
	}
	s.flow, s.flowCount = flowBreak, min(n, s.loops)
	if args[0] == "continue" {
		s.flow = flowContinue
	}
}

func (s *Shell) shift(args []string) {
	n := 1
	if len(args) > 1 {
		n, _ = strconv.Atoi(args[1])
	}
	if n < 0 || n > len(s.params) {
		s.failed(1, "shift: can't shift that many")
		return
	}
	s.params = s.params[n:]
}

func (s *Shell) dot(args []string) {
	if len(args) < 2 {
		s.failed(2, ".: filename argument required")
		return
	}
	name := args[1]
	if !strings.Contains(name, "/") {
		list, _ := s.get("PATH")
		for _, dir := range append(filepath.SplitList(list), ".") {
			if st, err := os.Stat(filepath.Join(dir, name)); err == nil && !st.IsDir() {
				name = dir + "/" + name
				break
			}
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		s.failed(2, "can't open '%s': %s", args[1], errText(err))
		if !s.interactive {
			s.flow = flowExit
		}
		return
	}
	params := s.params
	if len(args) > 2 {
		s.params = args[2:]
	}
	s.runString(string(text))
	if len(args) > 2 {
		s.params = params
	}
	if s.flow == flowReturn {
		s.flow = flowNone
	}
}

// exec replaces the shell, execve(2), after putting the table of descriptors in force.
func (s *Shell) exec(args []string) {
	if len(args) > 1 && args[1] == "--" {
		args = append(args[:1:1], args[2:]...)
	}
	if len(args) == 1 {
		return
	}
	path, code, err := s.find(args[1])
	if err == nil && s.nested {
		// A copy of the shell cannot be replaced alone: run the program and end the copy.
		s.program(args[1:], s.environ())
		s.flow = flowExit
		return
	}
	if err == nil {
		err = s.become(path, args[1:])
		code = execCode(err)
		err = fmt.Errorf("%s", errText(err))
	}
	s.failed(code, "exec: %s: %s", args[1], err)
	if !s.interactive {
		s.flow = flowExit
	}
}

// become never returns unless execve(2) fails.
func (s *Shell) become(path string, argv []string) error {
	var tmp [maxFD]int
	for i, fd := range s.fds {
		tmp[i] = -1
		if fd >= 0 && fd != i {
			n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, maxFD)
			if err != nil {
				return err
			}
			tmp[i] = n
		}
	}
	for i, fd := range s.fds {
		switch {
		case fd < 0 && i < 3:
			unix.Close(i)
		case tmp[i] >= 0:
			unix.Dup3(tmp[i], i, 0)
		}
	}
	err := syscall.Exec(path, argv, s.environ())
	if err == syscall.ENOEXEC {
		if self := Self(); self != "" {
			err = syscall.Exec(self, append([]string{"sh", path}, argv[1:]...), s.environ())
		}
	}
	return err
}

func (s *Shell) export(args []string) {
	isExport := args[0] == "export"
	args = args[1:]
	remove := false
	for len(args) > 0 && len(args[0]) == 2 && args[0][0] == '-' {
		remove = remove || args[0] == "-n"
		opt := args[0]
		args = args[1:]
		if opt == "--" {
			break
		}
	}
	word := "readonly "
	if isExport {
		word = "export "
	}
	if len(args) == 0 {
		for _, k := range slices.Sorted(maps.Keys(s.vars)) {
			v := s.vars[k]
			if isExport && !v.export || !isExport && !v.fixed {
				continue
			}
			line := word + k
			if v.set {
				line += "=" + quoteAlways(v.value)
			}
			if !s.write(line + "\n") {
				return
			}
		}
		return
	}
	for _, a := range args {
		name, value, has := strings.Cut(a, "=")
		if !validName(name) {
			s.failed(2, "%s%s: bad variable name", word, name)
			if !s.interactive {
				s.flow = flowExit
			}
			return
		}
		if has {
			s.mustSet(name, value)
		}
		v := s.vars[name]
		if v == nil {
			v = &variable{}
			s.vars[name] = v
		}
		if isExport {
			v.export = !remove
		} else {
			v.fixed = true
		}
	}
}

func quoteAlways(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

func (s *Shell) unset(args []string) {
	funcs := false
	for _, a := range args[1:] {
		switch {
		case a == "-f":
			funcs = true
		case a == "-v":
			funcs = false
		case funcs:
			delete(s.funcs, a)
		default:
			if v := s.vars[a]; v != nil && v.fixed {
				s.failed(1, "unset: %s: is read only", a)
				continue
			}
			delete(s.vars, a)
		}
	}
}

func (s *Shell) local(args []string) {
	if len(s.scopes) == 0 {
		s.failed(2, "local: not in a function")
		return
	}
	top := len(s.scopes) - 1
	if s.scopes[top] == nil {
		s.scopes[top] = make(map[string]*variable)
	}
	for _, a := range args[1:] {
		name, value, has := strings.Cut(a, "=")
		if !validName(name) {
			s.failed(2, "local: %s: bad variable name", name)
			return
		}
		old := s.vars[name]
		if _, seen := s.scopes[top][name]; !seen {
			s.scopes[top][name] = old
			if old != nil {
				d := *old
				s.vars[name] = &d
			}
		}
		if has {
			s.mustSet(name, value)
		} else if old == nil {
			s.vars[name] = &variable{}
		}
	}
}

func (s *Shell) let(args []string) {
	var n int64
	for _, a := range args[1:] {
		var err error
		if n, err = s.arith(a); err != nil {
			s.failed(2, "let: %v", err)
			return
		}
	}
	s.status = 0
	if n == 0 {
		s.status = 1
	}
}

func (s *Shell) aliases(args []string) {
	if len(args) == 1 {
		for _, k := range slices.Sorted(maps.Keys(s.alias)) {
			s.write(k + "=" + quoteAlways(s.alias[k]) + "\n")
		}
	}
	for _, a := range args[1:] {
		name, value, has := strings.Cut(a, "=")
		if v, ok := s.alias[name]; has {
			s.alias[name] = value
		} else if ok {
			s.write(name + "=" + quoteAlways(v) + "\n")
		} else {
			s.failed(1, "alias: %s not found", name)
		}
	}
}

func (s *Shell) unalias(args []string) {
	for _, a := range args[1:] {
		if a == "-a" {
			clear(s.alias)
		} else if _, ok := s.alias[a]; !ok {
			s.failed(1, "unalias: %s not found", a)
		}
		delete(s.alias, a)
	}
}
