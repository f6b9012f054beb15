package box

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// lsns lists namespaces and the first process in each.
func lsns(c *call) {
	f := c.parse("t:p:n", "type=t", "task=p")
	all, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	type space struct {
		ino   uint64
		kind  string
		count int
		first task
	}
	found := make(map[uint64]*space)
	for _, t := range all {
		for _, n := range namespaceFlags {
			var st unix.Stat_t
			if unix.Stat(fmt.Sprintf("/proc/%d/ns/%s", t.pid, n.file), &st) != nil || f.has('t') && f.value('t', "") != n.file {
				continue
			}
			s := found[st.Ino]
			if s == nil {
				s = &space{st.Ino, n.file, 0, t}
				found[st.Ino] = s
			}
			s.count++
		}
	}
	var list []*space
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *space) int {
		if a.ino < b.ino {
			return -1
		}
		return 1
	})
	us := users()
	c.printf("        NS TYPE   NPROCS   PID USER   COMMAND\n")
	for _, s := range list {
		c.printf("%10d %-6s %6d %5d %-6s %s\n", s.ino, s.kind, s.count, s.first.pid, us.name(s.first.uid), s.first.args)
	}
}
