package box

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

func id(c *call) {
	f := c.parse("ugGnr", "user=u", "group=g", "groups=G", "name=n")
	us, gs := users(), groups()
	uid, gid := os.Getuid(), os.Getgid()
	if !f.has('r') && (f.has('u') || f.has('g')) {
		uid, gid = os.Geteuid(), os.Getegid()
	}
	more, _ := os.Getgroups()
	if len(c.args) > 0 {
		n, ok := us.id(c.args[0])
		if !ok {
			c.fail("'%s': no such user", c.args[0])
		}
		uid, gid = n, us.group[us.name(n)]
		more = nil
		gs.load()
		for g, members := range gs.lists {
			for _, m := range members {
				if m == us.name(n) {
					more = append(more, gs.byName[g])
				}
			}
		}
	}
	all := []int{gid}
	for _, g := range more {
		if g != gid {
			all = append(all, g)
		}
	}
	show := func(db *accounts, n int) string {
		if f.has('n') {
			return db.name(n)
		}
		return strconv.Itoa(n)
	}
	full := func(db *accounts, n int) string {
		if name := db.known(n); name != "" {
			return fmt.Sprintf("%d(%s)", n, name)
		}
		return strconv.Itoa(n)
	}
	var list []string
	switch {
	case f.has('u'):
		c.printf("%s\n", show(us, uid))
	case f.has('g'):
		c.printf("%s\n", show(gs, gid))
	case f.has('G'):
		for _, g := range all {
			list = append(list, show(gs, g))
		}
		c.printf("%s\n", strings.Join(list, " "))
	default:
		for _, g := range all {
			list = append(list, full(gs, g))
		}
		c.printf("uid=%s gid=%s", full(us, uid), full(gs, gid))
		if len(c.args) == 0 && os.Geteuid() != uid {
			c.printf(" euid=%s", full(us, os.Geteuid()))
		}
		c.printf(" groups=%s\n", strings.Join(list, ","))
	}
}

func whoami(c *call) {
	if name := users().known(os.Geteuid()); name != "" {
		c.printf("%s\n", name)
		return
	}
	c.fail("unknown uid %d", os.Geteuid())
}
