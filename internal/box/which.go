package box

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

func which(c *call) {
	f := c.parse("a")
	for _, a := range c.args {
		found := false
		dirs := filepath.SplitList(os.Getenv("PATH"))
		if strings.Contains(a, "/") {
			dirs = []string{""}
		}
		for _, d := range dirs {
			p := a
			if d != "" {
				p = d + "/" + a
			}
			if st, err := os.Stat(p); err == nil && !st.IsDir() && unix.Access(p, unix.X_OK) == nil {
				c.printf("%s\n", p)
				if found = true; !f.has('a') {
					break
				}
			}
		}
		if !found {
			c.code = 1
		}
	}
}

func pwd(c *call) {
	dir, err := os.Getwd()
	if err != nil {
		c.fail("%s", text(err))
	}
	c.printf("%s\n", dir)
}
