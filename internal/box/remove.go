package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

func rm(c *call) {
	f := c.parse("rRfivd", "recursive=r", "force=f", "verbose=v", "dir=d")
	deep := f.has('r') || f.has('R')
	if !f.has('f') {
		c.operands(1, -1)
	}
	for _, a := range c.args {
		base := filepath.Base(strings.TrimRight(a, "/"))
		if base == "." || base == ".." || filepath.Clean(a) == "/" {
			c.complain("refusing to remove '%s'", a)
			continue
		}
		st, err := os.Lstat(a)
		if err == nil && st.IsDir() && !deep && !f.has('d') {
			c.complain("cannot remove '%s': Is a directory", a)
			continue
		}
		if err == nil {
			if deep {
				err = os.RemoveAll(a)
			} else {
				err = os.Remove(a)
			}
		}
		switch {
		case err == nil && f.has('v'):
			c.printf("removed '%s'\n", a)
		case err != nil && !(f.has('f') && errors.Is(err, fs.ErrNotExist)):
			name := a
			var pe *fs.PathError
			if errors.As(err, &pe) && strings.HasPrefix(pe.Path, "/") == strings.HasPrefix(a, "/") && len(pe.Path) > len(a) {
				name = pe.Path
			}
			c.complain("cannot remove '%s': %s", name, text(err))
		}
	}
}

func rmdir(c *call) {
	f := c.parse("p", "parents=p")
	c.operands(1, -1)
	for _, a := range c.args {
		for p := filepath.Clean(a); p != "." && p != "/"; p = filepath.Dir(p) {
			if err := unix.Rmdir(p); err != nil {
				c.complain("failed to remove '%s': %s", p, text(err))
				break
			}
			if !f.has('p') {
				break
			}
		}
	}
}
