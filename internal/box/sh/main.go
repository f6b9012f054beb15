package sh

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Main runs the shell: sh [-euxfnC…] [-o option] [-c command | script] [name or arguments].
// The exit status is that of the last command. As PID 1 it buries orphans, and signals that nobody
// traps are dropped, as pid_namespaces(7) says of any first process.
func Main(argv []string) int {
	GivenLimits()
	if fd := os.Getenv(stateVar); fd != "" {
		setName("sh")
		return resume(fd)
	}
	s := newShell(argv[0])
	s.importEnv()
	login := strings.HasPrefix(argv[0], "-")
	if login {
		s.name = argv[0][1:]
	}
	if i := strings.LastIndexByte(s.name, '/'); i >= 0 {
		s.name = s.name[i+1:]
	}
	command, args, login2, err := s.arguments(argv[1:])
	if err != nil {
		writeFD(2, s.name+": "+err.Error()+"\n")
		return 2
	}
	if s.pid == 1 {
		kids.start() // orphans come from the first moment
	}
	return s.live(command, args, login || login2)
}

// arguments reads the command line; command is nil unless -c was given.
func (s *Shell) arguments(args []string) (command *string, rest []string, login bool, err error) {
	dashC := false
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		a := args[0]
		if a == "--" {
			args = args[1:]
			break
		}
		if a == "--login" {
			login = true
			args = args[1:]
			continue
		}
		if strings.Contains(a, "c") && a[0] == '-' && !strings.Contains(a, "o") {
			dashC = true
			a = strings.Replace(a, "c", "", 1)
		}
		take := []string{a}
		args = args[1:]
		if strings.HasSuffix(a, "o") && len(args) > 0 {
			take = append(take, args[0])
			args = args[1:]
		}
		if a == "-" {
			continue
		}
		if _, _, err := s.options(take); err != nil {
			return nil, nil, false, err
		}
	}
	if dashC {
		if len(args) == 0 {
			return nil, nil, false, errors.New("-c requires an argument")
		}
		command = &args[0]
		args = args[1:]
	}
	return command, args, login || s.on['l'], nil
}

// live runs the source of commands that the arguments name.
func (s *Shell) live(command *string, args []string, login bool) int {
	script := ""
	if command == nil && len(args) > 0 && !s.on['s'] {
		script, args = args[0], args[1:]
		s.name = script
	} else if command != nil && len(args) > 0 {
		s.name, args = args[0], args[1:]
	}
	s.params = args
	s.interactive = s.on['i'] || command == nil && script == "" && isTerminal(s.fds[0]) && isTerminal(s.fds[2])
	s.prompts = s.interactive
	s.on['i'] = s.interactive
	if s.interactive {
		s.takeTerminal()
	}
	s.armAll()
	if login {
		s.source("/etc/profile")
	}
	if env, ok := s.get("ENV"); ok && s.interactive && env != "" {
		s.source(env)
	}
	switch {
	case s.flow != flowNone:
	case command != nil:
		s.oneCommand(*command)
	case script != "":
		text, err := os.ReadFile(script)
		if err != nil {
			writeFD(2, "sh: can't open '"+script+"': "+errText(err)+"\n")
			return execCode(err)
		}
		s.runString(string(text))
	case s.interactive && isTerminal(s.fds[0]):
		s.interact()
	default:
		s.runInput()
	}
	s.exitTrap()
	s.hangUp()
	return s.status & 255
}

func (s *Shell) source(path string) {
	if text, err := os.ReadFile(path); err == nil {
		s.runString(string(text))
		if s.flow == flowReturn {
			s.flow = flowNone
		}
	}
}

// oneCommand runs the text of -c. If it is one program and nothing is left to do after it, the shell
// becomes that program: so "sh -c 'sleep 60'" is one process, which is PID 1 if the shell was.
func (s *Shell) oneCommand(text string) {
	n, _, rest, err := parseCommand(text, 1, nil)
	if l, ok := n.(*list); err == nil && ok && strings.TrimSpace(rest) == "" && len(l.items) == 1 && !l.items[0].background &&
		s.isProgram(l.items[0].n) && !s.interactive && !s.opt('n') {
		c := l.items[0].n.(*simple)
		s.guard(func() {
			s.line = c.line
			args := s.fields(c.words)
			if s.opt('x') {
				s.trace(c, args)
			}
			if _, ok := s.redirect(c.redirs); !ok {
				return
			}
			for _, a := range c.assigns {
				s.mustSet(a.name, s.value(a.value))
				s.vars[a.name].export = true
			}
			path, code, err := s.find(args[0])
			if err == nil {
				err = s.become(path, args)
				code = execCode(err)
				s.failed(code, "%s: %s", args[0], errText(err))
				return
			}
			s.failed(code, "%s: %s", args[0], err)
		})
		return
	}
	s.runString(text)
}

// runString runs a text in this shell: a script, -c, eval, a trap.
func (s *Shell) runString(text string) {
	line, ran := 1, false
	if s.depth++; s.depth > 1000 {
		s.depth--
		s.failed(2, "nested too deep")
		s.flow = flowExit
		return
	}
	defer func() {
		s.depth--
		if !ran && s.flow == flowNone {
			s.status = 0
		}
	}()
	for text != "" && s.flow == flowNone {
		n, _, rest, err := parseCommand(text, line, s.alias)
		if err != nil {
			if errors.Is(err, errIncomplete) {
				err = &syntaxError{line + strings.Count(text, "\n"), "unexpected end of file"}
			}
			writeFD(s.fds[2], s.name+": "+err.Error()+"\n")
			s.status, ran = 2, true
			if !s.interactive {
				s.flow = flowExit
			}
			return
		}
		if s.opt('v') {
			s.writeErr(text[:max(len(text)-len(rest), 0)])
		}
		if n != nil {
			ran = true
			s.run(n)
		}
		if used := len(text) - len(rest); used > 0 {
			line += strings.Count(text[:used], "\n")
		}
		text = rest
	}
}

// runInput runs commands from standard input, taking no byte more than each command needs, because
// the commands read from there too.
func (s *Shell) runInput() {
	text := ""
	for s.flow == flowNone {
		line, _, ok := s.readLine(true, -1, -1)
		if !ok && len(line) == 0 {
			break
		}
		text += string(line) + "\n"
		text = s.runLines(text)
		if s.status == 2 && s.flow == flowNone && text == "" {
			continue
		}
	}
	if strings.TrimSpace(text) != "" && s.flow == flowNone {
		s.errf("syntax error: unexpected end of file")
		s.status = 2
	}
}

// hangUp wakes stopped jobs when an interactive shell goes, as they could never end.
func (s *Shell) hangUp() {
	if s.tty < 0 {
		return
	}
	for _, j := range s.jobs {
		if kids.ask(j.halted) {
			unix.Kill(-j.group, syscall.SIGHUP)
			unix.Kill(-j.group, syscall.SIGCONT)
		}
	}
}

func setName(name string) {
	b, err := unix.BytePtrFromString(name)
	if err == nil {
		unix.Prctl(unix.PR_SET_NAME, ptr(b), 0, 0, 0)
	}
}
