package sh

func (s *Shell) loop(n *loop) {
	s.loops++
	defer func() { s.loops-- }()
	last := 0
	for {
		s.condition(n.cond)
		if s.flow != flowNone {
			if s.leaveLoop() {
				return
			}
			continue
		}
		if (s.status == 0) == n.until {
			break
		}
		s.run(n.body)
		last = s.status
		if s.flow != flowNone && s.leaveLoop() {
			return
		}
	}
	s.status = last
}

// leaveLoop handles break and continue at one loop; true means the loop is over.
func (s *Shell) leaveLoop() bool {
	if s.flow != flowBreak && s.flow != flowContinue {
		return true
	}
	if s.flowCount > 1 {
		s.flowCount--
		return true
	}
	over := s.flow == flowBreak
	s.flow = flowNone
	return over
}

func (s *Shell) forLoop(n *forLoop) {
	items := s.params
	ok := true
	if n.in {
		ok = false
		s.guard(func() { items = s.fields(n.words); ok = true })
	}
	if !ok {
		return
	}
	s.status = 0
	s.loops++
	defer func() { s.loops-- }()
	for _, v := range items {
		s.guard(func() { s.mustSet(n.name, v) })
		s.run(n.body)
		if s.flow != flowNone && s.leaveLoop() {
			return
		}
	}
}

func (s *Shell) caseClause(n *caseClause) {
	subject := s.str(n.subject)
	s.status = 0
	through := false
	for _, arm := range n.arms {
		hit := through
		for _, w := range arm.patterns {
			if hit = hit || match(s.joined(w).pattern(), subject); hit {
				break
			}
		}
		if hit {
			s.run(arm.body)
			if !arm.through {
				return
			}
			through = true
		}
	}
}
