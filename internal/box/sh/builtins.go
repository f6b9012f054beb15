package sh

import "strings"

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
