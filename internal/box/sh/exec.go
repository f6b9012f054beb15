package sh

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

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

func (s *Shell) ps4() string {
	v, _ := s.get("PS4")
	return v
}

func (s *Shell) trace(n *simple, args []string) {
	var b strings.Builder
	b.WriteString(s.ps4())
	for _, a := range n.assigns {
		b.WriteString(a.name + "=" + Quote(s.value(a.value)) + " ")
	}
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(Quote(a))
	}
	s.writeErr(b.String() + "\n")
}

// Quote writes a word so that a shell reads it back as one.
func Quote(v string) string {
	if v == "" {
		return "''"
	}
	for i := range len(v) {
		if c := v[i]; !nameByte(c) && strings.IndexByte("%+,-./:=@", c) < 0 && c < 0x80 {
			return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
		}
	}
	return v
}

// subshell runs ( … ): at a terminal as a job of its own, else on a copy of the state.
func (s *Shell) subshell(n *subshell) {
	c := s.copy()
	c.run(n.body)
	if c.flow == flowAbort {
		s.flow = flowAbort
	}
	c.leave(s)
	s.status = c.status
}

// substitute runs $( … ) and returns its output without the last newlines.
func (s *Shell) substitute(body node) string {
	r, w, err := pipe()
	if err != nil {
		panic(&expansionError{"pipe: " + errText(err)})
	}
	out := make(chan []byte)
	go func() {
		b := readAll(r)
		unix.Close(r)
		out <- b
	}()
	c := s.copy()
	c.fds[1] = w
	c.noErrexit = 0
	func() {
		defer unix.Close(w)
		c.run(body)
		c.leave(s)
	}()
	if c.flow == flowAbort {
		s.flow = flowAbort
	}
	s.subst = c.status
	b := <-out
	text := strings.ReplaceAll(string(b), "\x00", "")
	return strings.TrimRight(text, "\n")
}

func pipe() (r, w int, err error) {
	var p [2]int
	if err = unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return
	}
	return high(p[0]), high(p[1]), nil
}

// high moves a descriptor out of the range that scripts name.
func high(fd int) int {
	if fd >= maxFD {
		return fd
	}
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, maxFD)
	if err != nil {
		return fd
	}
	unix.Close(fd)
	return n
}

func readAll(fd int) []byte {
	var out []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := unix.Read(fd, buf)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return out
		}
		out = append(out, buf[:n]...)
	}
}

// timed prints what time(1p) asks for after a pipeline.
func (s *Shell) timed(start time.Time, before unix.Rusage) {
	var after unix.Rusage
	unix.Getrusage(unix.RUSAGE_CHILDREN, &after)
	show := func(d time.Duration) string {
		return fmt.Sprintf("%dm%.3fs", int(d.Minutes()), (d % time.Minute).Seconds())
	}
	user := time.Duration(after.Utime.Nano() - before.Utime.Nano())
	sys := time.Duration(after.Stime.Nano() - before.Stime.Nano())
	s.writeErr(fmt.Sprintf("real\t%s\nuser\t%s\nsys\t%s\n", show(time.Since(start)), show(user), show(sys)))
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
