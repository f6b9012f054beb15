package course

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
)

// likeliestFirst puts the processes first that are likely the learner's: on a machine with several people others may have the
// like, and the newest need not be the one that the learner has just started. Among equals the newest stays first.
func (v *View) likeliestFirst(found []process) {
	if len(found) < 2 {
		return
	}
	self := surroundingsOf(os.Getpid())
	likely := map[int]int{}
	for i := range found {
		likely[found[i].PID] = v.likely(&found[i], self)
	}
	slices.SortStableFunc(found, func(a, b process) int { return cmp.Compare(likely[b.PID], likely[a.PID]) })
}

// likely is the higher, the more speaks for a process being the learner's.
func (v *View) likely(p *process, self surroundings) int {
	n := 0
	if v.typed(*p) > 0 { // lab itself has typed it for them
		n += 8
	}
	if v.near(p, self) {
		n += 4
	}
	if self.login != "" && p.login() == self.login {
		n += 2
	}
	if len(v.Runs) > 0 && p.Start >= v.Runs[0].Since { // not older than the lab
		n++
	}
	return n
}

// surroundings is where the learner types.
type surroundings struct {
	sessions []int // of the terminal; with sudo there are two, for it may give its program a terminal of its own
	terminal bool  // there is one, and so the leaders of the sessions are shells
	login    string
}

func surroundingsOf(pid int) surroundings {
	p, err := readProcess(pid)
	if err != nil {
		return surroundings{}
	}
	s := surroundings{sessions: []int{p.Session}, terminal: p.TTY != 0, login: p.login()}
	for p.TTY != 0 && p.Parent > 1 {
		if p, err = readProcess(p.Parent); err != nil {
			break
		}
		if p.TTY != 0 && !slices.Contains(s.sessions, p.Session) {
			s.sessions = append(s.sessions, p.Session)
		}
	}
	return s
}

// near says whether a process was started from the learner's terminal: it is in its session, or descends from its shell.
func (v *View) near(p *process, self surroundings) bool {
	return slices.ContainsFunc(self.sessions, func(session int) bool {
		return p.Session == session || self.terminal && v.descends(p, session)
	})
}

// meant says which of several processes a finding speaks about, and how to name another. many is how many there are for a variable.
func (v *View) meant(f Finding, many map[string]int) string {
	var all []string
	for _, name := range sortedKeys(many) {
		p := v.bound[name]
		if p == nil || many[name] < 2 || !strings.Contains(f.Found+f.Expected, p.String()) {
			continue
		}
		all = append(all, fmt.Sprintf("%s is the likeliest of %d that match; `lab check %s %s=PID` names another.", p, many[name], v.Lab.Number, name))
	}
	return strings.Join(all, " ")
}
