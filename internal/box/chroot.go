package box

import (
	"os"

	"golang.org/x/sys/unix"
)

func chroot(c *call) {
	c.parse("+")
	c.operands(1, -1)
	root := c.args[0]
	c.args = c.args[1:]
	if err := unix.Chroot(root); err != nil {
		c.complain("cannot change root directory to '%s': %s", root, text(err))
		c.exit(125)
	}
	if err := unix.Chdir("/"); err != nil {
		c.fail("chdir /: %s", text(err))
	}
	c.become(c.program(), os.Environ())
}
