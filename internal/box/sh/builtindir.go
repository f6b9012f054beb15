package sh

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// cd changes the directory and keeps the logical PWD, as cd(1p) says.
func (s *Shell) cd(args []string) {
	physical := false
	args = args[1:]
	for len(args) > 0 && (args[0] == "-P" || args[0] == "-L" || args[0] == "--") {
		physical = args[0] == "-P"
		args = args[1:]
	}
	var dir string
	show := false
	switch {
	case len(args) == 0:
		home, ok := s.get("HOME")
		if !ok {
			s.failed(1, "cd: HOME not set")
			return
		}
		dir = home
	case args[0] == "-":
		old, ok := s.get("OLDPWD")
		if !ok {
			s.failed(1, "cd: OLDPWD not set")
			return
		}
		dir, show = old, true
	default:
		dir = args[0]
	}
	pwd, _ := s.get("PWD")
	target := dir
	if list, ok := s.get("CDPATH"); ok && dir != "" && dir[0] != '/' && !strings.HasPrefix(dir, ".") {
		for p := range strings.SplitSeq(list, ":") {
			if p != "" && isDir(filepath.Join(p, dir)) {
				target, show = filepath.Join(p, dir), true
				break
			}
		}
	}
	logical := filepath.Clean(target)
	if !strings.HasPrefix(target, "/") {
		logical = filepath.Join(pwd, target)
	}
	if s.nested && s.savedDir < 0 {
		if fd, err := unix.Open(".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
			s.savedDir = high(fd)
		}
	}
	go2 := logical
	if physical || pwd == "" || dir == "" {
		go2 = target
	}
	if dir == "" {
		return
	}
	err := unix.Chdir(go2)
	if err != nil && go2 != target {
		err = unix.Chdir(target)
		physical = true
	}
	if err != nil {
		s.failed(2, "cd: can't cd to %s: %s", dir, errText(err))
		return
	}
	if physical {
		if wd, err := os.Getwd(); err == nil {
			logical = wd
		}
	}
	s.assign("OLDPWD", pwd)
	s.assign("PWD", logical)
	if show {
		s.write(logical + "\n")
	}
}

func (s *Shell) pwd(args []string) {
	pwd, ok := s.get("PWD")
	if ok && !(len(args) > 1 && args[1] == "-P") {
		a, e1 := os.Stat(pwd)
		b, e2 := os.Stat(".")
		ok = e1 == nil && e2 == nil && os.SameFile(a, b)
	} else {
		ok = false
	}
	if !ok {
		buf := make([]byte, unix.PathMax)
		n, err := unix.Getcwd(buf)
		if err != nil {
			s.failed(1, "pwd: %s", errText(err))
			return
		}
		pwd = strings.TrimRight(string(buf[:n]), "\x00")
	}
	s.write(pwd + "\n")
}

// command runs or describes a command without looking at functions.
func (s *Shell) command(args []string) {
	args = args[1:]
	describe, verbose, std := false, false, false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		switch args[0] {
		case "-v":
			describe = true
		case "-V":
			describe, verbose = true, true
		case "-p":
			std = true
		case "--":
		default:
			s.failed(2, "command: illegal option %s", args[0])
			return
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	if describe {
		for _, a := range args {
			if !s.describe(a, verbose) {
				s.status = 127
			}
		}
		return
	}
	if b := findBuiltin(args[0]); b != nil {
		b.run(s, args)
		return
	}
	if std {
		old, had := s.get("PATH")
		s.assign("PATH", DefaultPath)
		defer func() {
			if had {
				s.assign("PATH", old)
			}
		}()
	}
	s.program(args, s.environ())
}

func (s *Shell) typeOf(args []string) {
	for _, a := range args[1:] {
		if !s.describe(a, true) {
			s.write(a + ": not found\n")
			s.status = 127
		}
	}
}

func (s *Shell) describe(name string, verbose bool) bool {
	short, long := name, ""
	switch {
	case s.alias[name] != "":
		short, long = "alias "+name+"="+quoteAlways(s.alias[name]), " is an alias for "+s.alias[name]
	case (&parser{src: name}).reserved() == name:
		long = " is a shell keyword"
	case s.funcs[name].n != nil:
		long = " is a function"
	case findBuiltin(name) != nil:
		long = " is a shell builtin"
		if findBuiltin(name).special {
			long = " is a special shell builtin"
		}
	default:
		path, _, err := s.find(name)
		if err != nil {
			return false
		}
		short, long = path, " is "+path
	}
	if verbose {
		s.write(name + long + "\n")
	} else {
		s.write(short + "\n")
	}
	return true
}
