package sh

import "strings"

// simple runs assignments, a builtin, a function or a program.
func (s *Shell) simple(n *simple) {
	s.guard(func() {
		s.line = n.line
		s.subst = -1
		args := s.fields(n.words)
		if len(args) == 0 {
			s.assignOnly(n)
			return
		}
		if s.opt('x') {
			s.trace(n, args)
		}
		b := findBuiltin(args[0])
		fn, isFunc := s.funcs[args[0]]
		if isFunc && (b == nil || !b.special) {
			b = nil
		} else {
			isFunc = false
		}
		saved := s.fds
		opened, ok := s.redirect(n.redirs)
		if !ok {
			s.unredirect(saved, opened)
			if b != nil && b.special && !s.interactive {
				s.flow = flowExit
			}
			return
		}
		if b == nil && !isFunc {
			env := s.environ()
			for _, a := range n.assigns {
				env = setEnv(env, a.name, s.value(a.value))
			}
			s.program(args, env)
			s.unredirect(saved, opened)
			return
		}
		restore := s.assignFor(n.assigns, b != nil && b.special)
		if b != nil {
			if args[0] != "exit" && args[0] != "return" {
				s.status = 0
			}
			keep := args[0] == "exec" && len(args) == 1
			b.run(s, args)
			if keep {
				s.keep(saved)
				restore()
				return
			}
		} else {
			s.callFunc(fn, args)
		}
		restore()
		s.unredirect(saved, opened)
	})
}

func (s *Shell) assignOnly(n *simple) {
	saved := s.fds
	opened, ok := s.redirect(n.redirs)
	s.unredirect(saved, opened)
	if !ok {
		return
	}
	for _, a := range n.assigns {
		v := s.value(a.value)
		if s.opt('x') {
			s.writeErr(s.ps4() + a.name + "=" + Quote(v) + "\n")
		}
		s.mustSet(a.name, v)
	}
	s.status = max(s.subst, 0)
}

// assignFor sets "x=1 cmd" for the time of a function or a plain builtin, for good before a special one.
func (s *Shell) assignFor(as []assign, forGood bool) (restore func()) {
	old := make(map[string]*variable)
	for _, a := range as {
		if _, seen := old[a.name]; !seen {
			old[a.name] = nil
			if v, ok := s.vars[a.name]; ok {
				d := *v
				old[a.name] = &d
			}
		}
		s.mustSet(a.name, s.value(a.value))
		if !forGood {
			s.vars[a.name].export = true
		}
	}
	return func() {
		if forGood {
			return
		}
		for k, v := range old {
			if v == nil {
				delete(s.vars, k)
			} else {
				s.vars[k] = v
			}
		}
	}
}

func (s *Shell) callFunc(fn ref, args []string) {
	params, loops := s.params, s.loops
	s.params, s.loops = args[1:], 0
	s.scopes = append(s.scopes, nil)
	s.calls++
	s.run(fn.n)
	s.calls--
	top := len(s.scopes) - 1
	for k, v := range s.scopes[top] {
		if v == nil {
			delete(s.vars, k)
		} else {
			s.vars[k] = v
		}
	}
	s.scopes = s.scopes[:top]
	s.params, s.loops = params, loops
	if s.flow == flowReturn {
		s.flow = flowNone
	}
}

func setEnv(env []string, k, v string) []string {
	for i, kv := range env {
		if strings.HasPrefix(kv, k+"=") {
			env[i] = k + "=" + v
			return env
		}
	}
	return append(env, k+"="+v)
}
