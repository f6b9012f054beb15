package sh

import (
	"fmt"
	"strconv"
	"strings"
)

func (s *Shell) park(j *job) {
	if !j.parked {
		j.parked = true
		j.id = 1
		for _, o := range s.jobs {
			j.id = max(j.id, o.id+1)
		}
		s.jobs = append(s.jobs, j)
	}
}

// forgetEnded bounds the list of a script that never waits.
func (s *Shell) forgetEnded() {
	if len(s.jobs) < 256 {
		return
	}
	kids.mu.Lock()
	defer kids.mu.Unlock()
	kept := s.jobs[:0]
	for _, j := range s.jobs {
		if !j.over() {
			kept = append(kept, j)
		}
	}
	s.jobs = kept
}

func (j *job) state() string {
	p := j.last()
	switch {
	case !j.over() && j.halted():
		return "Stopped"
	case !j.over():
		return "Running"
	case p.status.Signaled():
		return signalText(p.status.Signal())
	case p.status.ExitStatus() != 0:
		return "Done(" + strconv.Itoa(p.status.ExitStatus()) + ")"
	}
	return "Done"
}

func (s *Shell) jobLine(i int) string {
	mark := " "
	if i == len(s.jobs)-1 {
		mark = "+"
	} else if i == len(s.jobs)-2 {
		mark = "-"
	}
	j := s.jobs[i]
	return fmt.Sprintf("[%d]%s  %-26s %s\n", j.id, mark, j.state(), j.text)
}

// tellJobs shows before a prompt what ended meanwhile.
func (s *Shell) tellJobs() {
	kids.mu.Lock()
	defer kids.mu.Unlock()
	var kept []*job
	for i, j := range s.jobs {
		if j.over() {
			if s.tty >= 0 {
				s.writeErr(s.jobLine(i))
			}
			continue
		}
		kept = append(kept, j)
	}
	s.jobs = kept
}

// findJob reads %1, %+, %-, %name or a pid.
func (s *Shell) findJob(spec string) *job {
	if spec == "" || spec == "%%" || spec == "%+" || spec == "%" {
		if len(s.jobs) == 0 {
			return nil
		}
		return s.jobs[len(s.jobs)-1]
	}
	if spec == "%-" && len(s.jobs) > 1 {
		return s.jobs[len(s.jobs)-2]
	}
	n, err := strconv.Atoi(strings.TrimPrefix(spec, "%"))
	for _, j := range s.jobs {
		switch {
		case err == nil && spec[0] == '%' && j.id == n:
			return j
		case err == nil && spec[0] != '%' && j.last().pid == n:
			return j
		case err != nil && spec[0] == '%' && strings.HasPrefix(j.text, spec[1:]):
			return j
		}
	}
	return nil
}

func (s *Shell) forget(j *job) {
	for i, o := range s.jobs {
		if o == j {
			s.jobs = append(s.jobs[:i:i], s.jobs[i+1:]...)
			return
		}
	}
}
