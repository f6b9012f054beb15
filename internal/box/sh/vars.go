package sh

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

type variable struct {
	value         string
	set           bool
	export, fixed bool
}

// importEnv makes exported variables of the environment, and sets the shell's own.
func (s *Shell) importEnv() {
	for _, kv := range os.Environ() {
		if k, v, ok := strings.Cut(kv, "="); ok && validName(k) && k != stateVar {
			s.vars[k] = &variable{value: v, set: true, export: true}
		}
	}
	for k, v := range map[string]string{"IFS": " \t\n", "OPTIND": "1", "PS2": "> ", "PS4": "+ "} {
		s.vars[k] = &variable{value: v, set: true}
	}
	s.assign("PPID", fmt.Sprint(os.Getppid()))
	if _, ok := s.get("PATH"); !ok {
		s.assign("PATH", DefaultPath)
	}
	if dir, err := os.Getwd(); err == nil {
		s.assign("PWD", dir)
		s.vars["PWD"].export = true
	}
}

// DefaultPath is the search path of a shell that is given none.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (s *Shell) get(name string) (string, bool) {
	if v, ok := s.vars[name]; ok && v.set {
		return v.value, true
	}
	return "", false
}

func (a *arithmetic) assign() int64 {
	if a.depth++; a.depth > 200 {
		a.fail("nested too deep")
	}
	defer func() { a.depth-- }()
	start := a.pos
	if name := a.name(); name != "" {
		for _, op := range [...]string{"<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="} {
			if !a.op(op, "==") {
				continue
			}
			v := a.assign()
			if op != "=" {
				v = a.binary(op[:len(op)-1], a.load(name), v)
			}
			a.store(name, v)
			return v
		}
	}
	a.pos = start
	return a.ternary()
}

func (s *Shell) mustSet(name, value string) {
	if !s.assign(name, value) {
		panic(&expansionError{name + ": is read only"})
	}
}

// environ gives the exported variables as execve(2) wants them.
func (s *Shell) environ() []string {
	env := make([]string, 0, 32)
	for _, k := range slices.Sorted(maps.Keys(s.vars)) {
		if v := s.vars[k]; v.export && v.set {
			env = append(env, k+"="+v.value)
		}
	}
	return env
}
