package box

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/box/sh"
	"golang.org/x/sys/unix"
)

func kill(c *call) {
	sig, rest, list, err := sh.KillArgs(c.args)
	if err != nil {
		c.fail("%s", err)
	}
	c.out.WriteString(list)
	for _, a := range rest {
		if list != "" {
			break
		}
		pid, err := strconv.Atoi(a)
		if err != nil {
			c.complain("invalid number '%s'", a)
		} else if err := unix.Kill(pid, sig); err != nil {
			c.complain("can't kill pid %d: %s", pid, text(err))
		}
	}
}

func killall(c *call) {
	quiet := false
	if len(c.args) > 0 && c.args[0] == "-q" {
		quiet, c.args = true, c.args[1:]
	}
	sig, rest, list, err := sh.KillArgs(c.args)
	if err != nil {
		c.fail("%s", err)
	}
	if list != "" {
		c.out.WriteString(list)
		return
	}
	all, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	for _, name := range rest {
		hit := false
		for _, t := range all {
			if t.comm == name && t.pid != os.Getpid() {
				hit = true
				if err := unix.Kill(t.pid, sig); err != nil {
					c.complain("%s: %s", name, text(err))
				}
			}
		}
		if !hit && !quiet {
			c.complain("%s: no process killed", name)
		} else if !hit {
			c.code = 1
		}
	}
}

func pidof(c *call) {
	c.parse("sx")
	list, err := tasks()
	if err != nil {
		c.fail("%s", text(err))
	}
	var found []string
	for _, a := range c.args {
		for _, t := range slices.Backward(list) {
			if t.comm == a {
				found = append(found, strconv.Itoa(t.pid))
			}
		}
	}
	if len(found) == 0 {
		c.exit(1)
	}
	c.printf("%s\n", strings.Join(found, " "))
}
