package sh

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// stateVar names, in the environment of a shell started for a part of a command, the descriptor
// from which it reads what it has to know.
const stateVar = "LAB_BOX_SHELL_STATE"

// Self finds the file of this program, so that it can be started again; /proc may be missing.
// A name that says "sh" is preferred, for it is what ps shows.
func Self() string {
	self, err := os.Stat("/proc/self/exe")
	candidates := []string{"/bin/sh"}
	if p, e := exec.LookPath(strings.TrimPrefix(os.Args[0], "-")); e == nil {
		candidates = append([]string{p}, candidates...)
	}
	for _, c := range append(candidates, "/bin/lab-box") {
		if st, e := os.Stat(c); e == nil && (err != nil || os.SameFile(st, self)) {
			return c
		}
	}
	if err == nil {
		return "/proc/self/exe"
	}
	return ""
}

// forkSelf starts this program with a copy of the state, to run one part of a command.
func (s *Shell) forkSelf(r ref, group int) (*process, error) {
	self := Self()
	if self == "" {
		return nil, errors.New("can't find my own program to fork")
	}
	fd, err := unix.MemfdCreate("shell-state", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %s", errText(err))
	}
	fd = high(fd)
	defer unix.Close(fd)
	if err := writeFD(fd, s.encode(r)); err != nil {
		return nil, fmt.Errorf("write shell state: %s", errText(err))
	}
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return nil, err
	}
	fds := append(append([]int(nil), s.fds[:]...), fd)
	argv := append([]string(nil), os.Args...)
	env := append(s.environ(), stateVar+"="+strconv.Itoa(maxFD))
	p, err := kids.fork(self, argv, env, fds, s.attr(group))
	if err != nil {
		return nil, fmt.Errorf("fork: %s", errText(err))
	}
	return p, nil
}

// packer writes strings with their lengths; unpacker reads them back and notices a short text.
type packer struct{ b []byte }

func (p *packer) str(vs ...string) {
	for _, v := range vs {
		p.b = strconv.AppendInt(p.b, int64(len(v)), 10)
		p.b = append(append(p.b, ':'), v...)
	}
}

func (p *packer) num(ns ...int) {
	for _, n := range ns {
		p.str(strconv.Itoa(n))
	}
}

type unpacker struct {
	s   string
	bad bool
}

func (u *unpacker) str() string {
	head, rest, ok := strings.Cut(u.s, ":")
	n, err := strconv.Atoi(head)
	if !ok || err != nil || n < 0 || n > len(rest) {
		u.bad, u.s = true, ""
		return ""
	}
	u.s = rest[n:]
	return rest[:n]
}

func (u *unpacker) num() int {
	n, err := strconv.Atoi(u.str())
	u.bad = u.bad || err != nil
	return n
}

func (u *unpacker) count() int {
	n := u.num()
	if n < 0 || n > len(u.s) {
		u.bad = true
		return 0
	}
	return n
}

func (s *Shell) encode(r ref) string {
	var p packer
	p.str(s.name, r.u.src)
	p.num(r.u.line, r.id, s.pid, s.line, s.status, s.lastBackground, s.calls)
	var on []byte
	for c, v := range s.on {
		if v && c != 'm' && c != 'i' {
			on = append(on, byte(c))
		}
	}
	p.str(string(on))
	p.num(len(s.params))
	p.str(s.params...)
	p.num(len(s.vars))
	for k, v := range s.vars {
		fl := ""
		for _, f := range []struct {
			is bool
			c  string
		}{{v.set, "s"}, {v.export, "x"}, {v.fixed, "r"}} {
			if f.is {
				fl += f.c
			}
		}
		p.str(k, v.value, fl)
	}
	p.num(len(s.funcs))
	for k, f := range s.funcs {
		p.str(k, f.u.src)
		p.num(f.u.line, f.id)
	}
	p.num(len(s.alias))
	for k, v := range s.alias {
		p.str(k, v)
	}
	p.num(len(s.traps))
	for k, v := range s.traps {
		p.str(k, v)
	}
	return string(p.b)
}

// decode is the reverse of encode; it gives the part to run.
func (s *Shell) decode(text string) (node, error) {
	u := &unpacker{s: text}
	s.name = u.str()
	src := u.str()
	line, id := u.num(), u.num()
	s.pid, s.line, s.status, s.lastBackground, s.calls = u.num(), u.num(), u.num(), u.num(), u.num()
	for range s.calls {
		s.scopes = append(s.scopes, nil)
	}
	for _, c := range []byte(u.str()) {
		s.on[c&127] = true
	}
	for range u.count() {
		s.params = append(s.params, u.str())
	}
	for range u.count() {
		k, v, fl := u.str(), u.str(), u.str()
		s.vars[k] = &variable{value: v, set: strings.Contains(fl, "s"), export: strings.Contains(fl, "x"), fixed: strings.Contains(fl, "r")}
	}
	for range u.count() {
		k, fsrc := u.str(), u.str()
		fline, fid := u.num(), u.num()
		if n, fu, err := part2node(fsrc, fline, fid); err == nil {
			s.funcs[k] = ref{n: n, u: fu, id: fid}
		}
	}
	for range u.count() {
		k := u.str()
		s.alias[k] = u.str()
	}
	for range u.count() {
		k := u.str()
		s.traps[k] = u.str()
	}
	if u.bad {
		return nil, errors.New("shell state: short or damaged")
	}
	n, _, err := part2node(src, line, id)
	return n, err
}

func part2node(src string, line, id int) (node, *unit, error) {
	_, u, _, err := parseCommand(src, line, nil)
	if err != nil {
		return nil, nil, err
	}
	if id < 0 || id >= len(u.nodes) {
		return nil, nil, errors.New("shell state: no such part")
	}
	return u.nodes[id], u, nil
}

// resume is the life of a shell that was started by forkSelf.
func resume(fdText string) int {
	fd, err := strconv.Atoi(fdText)
	if err != nil || fd < maxFD {
		return 2
	}
	unix.CloseOnExec(fd)
	text := readAll(fd)
	unix.Close(fd)
	os.Unsetenv(stateVar)
	s := newShell("sh")
	s.stage = true
	n, err := s.decode(string(text))
	if err != nil {
		writeFD(2, "sh: "+err.Error()+"\n")
		return 2
	}
	s.run(n)
	s.exitTrap()
	return s.status & 255
}
