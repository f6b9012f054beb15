package sh

// run executes a node and leaves its status in s.status.
func (s *Shell) run(n node) {
	s.runTraps()
	if s.flow != flowNone || s.opt('n') && !s.interactive {
		return
	}
	if s.depth++; s.depth > 1000 {
		s.depth--
		s.errf("nested too deep")
		s.status, s.flow = 2, flowExit
		return
	}
	defer func() { s.depth-- }()
	switch n := n.(type) {
	case *list:
		for i := range n.items {
			if s.flow != flowNone {
				return
			}
			if n.items[i].background {
				s.background(n.items[i].ref)
			} else {
				s.run(n.items[i].n)
			}
		}
	case *andOr:
		s.noErrexit++
		s.run(n.left)
		s.noErrexit--
		if s.flow == flowNone && (s.status != 0) == n.or {
			s.run(n.right)
		}
	case *pipeline:
		s.pipeline(n)
	case *simple:
		s.simple(n)
		s.errexit()
	case *group:
		s.run(n.body)
	case *subshell:
		s.subshell(n)
		s.errexit()
	case *redirected:
		s.guard(func() {
			saved := s.fds
			opened, ok := s.redirect(n.redirs)
			if ok {
				s.run(n.body)
			}
			s.unredirect(saved, opened)
			if !ok {
				s.errexit()
			}
		})
	case *ifClause:
		s.condition(n.cond)
		switch {
		case s.flow != flowNone:
		case s.status == 0:
			s.run(n.then)
		case n.otherwise != nil:
			s.run(n.otherwise)
		default:
			s.status = 0
		}
	case *loop:
		s.loop(n)
	case *forLoop:
		s.forLoop(n)
	case *caseClause:
		s.guard(func() { s.caseClause(n) })
	case *funcDef:
		s.funcs[n.name] = n.body
		s.status = 0
	}
}

// guard turns a failed expansion into a message; a shell without a terminal ends with it.
func (s *Shell) guard(f func()) {
	depth := s.depth
	noErrexit := s.noErrexit
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *expansionError:
			s.depth, s.noErrexit = depth, noErrexit
			s.errf("%s", e.msg)
			s.status = 2
			if s.flow = flowExit; s.interactive {
				s.flow, s.status = flowAbort, 1
			}
		default:
			panic(e)
		}
	}()
	f()
}

func (s *Shell) errexit() {
	if s.status != 0 && s.opt('e') && s.noErrexit == 0 && s.flow == flowNone {
		s.flow = flowExit
	}
}

func (s *Shell) condition(n node) {
	s.noErrexit++
	s.run(n)
	s.noErrexit--
}
