package course

import (
	"context"
	"fmt"
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

// groupEvents looks at what has happened in the group.
func (v *View) groupEvents(_ context.Context, m *cgroup.Machine, q *CgroupCheck, at seat) Finding {
	if q.Thrott == nil && q.OOM == nil && q.Full == nil && q.Frozen == nil {
		return yes()
	}
	path := strings.TrimPrefix(at.path, "/")
	g, err := m.Open(path)
	if err != nil {
		return cannot("the group "+at.path, err)
	}
	figures, err := g.Stats()
	if err != nil {
		return cannot("the figures of the group "+at.path, err)
	}
	if q.Thrott != nil && (figures.CPU.Throttled > 0) != *q.Thrott {
		in, _ := seatOf(m, path, "cpu")
		look := "`cat " + in.dir + "/cpu.stat`"
		if *q.Thrott {
			return no(fmt.Sprintf("the group %s has never been throttled (nr_throttled 0)", at.path), "its CPU quota to have held it back").
				advise("A group is throttled when its members want more than its quota: is there one, and does a member spin?").at(look)
		}
		return no(fmt.Sprintf("the group %s has been throttled (nr_throttled %d)", at.path, figures.CPU.Throttled), "it never to have been").at(look)
	}
	if q.OOM != nil && (figures.Memory.OOMKills > 0) != *q.OOM {
		in, _ := seatOf(m, path, "memory")
		look := "`cat " + in.dir + map[int]string{1: "/memory.oom_control`", 2: "/memory.events`"}[in.version]
		if *q.OOM {
			return no(fmt.Sprintf("the OOM killer has not yet ended a member of the group %s (oom_kill 0)", at.path), "that to have happened").
				advise("A member must touch more memory than the group may have; where there is swap, that must be limited too.").at(look)
		}
		return no(fmt.Sprintf("the OOM killer has ended a member of the group %s (oom_kill %d)", at.path, figures.Memory.OOMKills), "that not to happen").at(look)
	}
	if q.Full != nil {
		in, f := seatOf(m, path, "pids")
		if !f.OK {
			return f
		}
		text, err := in.read("pids.events")
		if err != nil {
			return in.unread("pids.events", err)
		}
		refused := strings.TrimPrefix(text, "max ")
		if (refused != "0") != *q.Full {
			look := "`cat " + in.dir + "/pids.events`"
			if *q.Full {
				return no(fmt.Sprintf("no fork has been refused in the group %s (pids.events: max 0)", at.path), "one to have been, by pids.max").at(look)
			}
			return no(fmt.Sprintf("forks have been refused in the group %s (pids.events: max %s)", at.path, refused), "none to be").at(look)
		}
	}
	if q.Frozen != nil {
		return groupFrozen(m, path, *q.Frozen)
	}
	return yes()
}

func groupFrozen(m *cgroup.Machine, path string, want bool) Finding {
	in, f := seatOf(m, path, "freezer")
	if !f.OK {
		return f
	}
	file := map[int]string{1: "freezer.state", 2: "cgroup.events"}[in.version]
	text, err := in.read(file)
	if err != nil {
		return in.unread(file, err)
	}
	if got := text == "FROZEN" || strings.Contains(text, "frozen 1"); got != want {
		state := map[bool]string{true: "frozen", false: "not frozen"}
		return no("the group "+in.dir+" is "+state[got], "it "+state[want]).at("`cat " + in.dir + "/" + file + "`")
	}
	return yes()
}
