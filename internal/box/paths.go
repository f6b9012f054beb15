package box

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func readlink(c *call) {
	f := c.parse("fenm", "canonicalize=f", "canonicalize-existing=e")
	c.operands(1, -1)
	for _, a := range c.args {
		var out string
		var err error
		if f.has('f') || f.has('e') || f.has('m') {
			out, err = resolve(a, !f.has('e'))
		} else {
			out, err = os.Readlink(a)
		}
		if err != nil {
			c.code = 1
			continue
		}
		c.printf("%s", out)
		if !f.has('n') {
			c.printf("\n")
		}
	}
}

func realpath(c *call) {
	f := c.parse("emsLPz")
	c.operands(1, -1)
	for _, a := range c.args {
		out, err := resolve(a, !f.has('e'))
		if err != nil {
			c.complain("%s: %s", a, text(err))
			continue
		}
		c.printf("%s\n", out)
	}
}

// resolve follows all links; the last element may be missing where lax.
func resolve(path string, lax bool) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	out, err := filepath.EvalSymlinks(abs)
	if err != nil && lax && errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Lstat(abs); e != nil {
			var dir string
			if dir, err = filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
				out = filepath.Join(dir, filepath.Base(abs))
			}
		}
	}
	return out, err
}

func basename(c *call) {
	f := c.parse("as:")
	c.operands(1, -1)
	suffix := f.value('s', "")
	if !f.has('a') && !f.has('s') && len(c.args) == 2 {
		suffix, c.args = c.args[1], c.args[:1]
	}
	for _, a := range c.args {
		b := filepath.Base(a)
		if a == "" {
			b = ""
		}
		if b != suffix {
			b = strings.TrimSuffix(b, suffix)
		}
		c.printf("%s\n", b)
	}
}

func dirname(c *call) {
	c.parse("z")
	c.operands(1, -1)
	for _, a := range c.args {
		c.printf("%s\n", filepath.Dir(strings.TrimRight(a, "/")+strings.Repeat("/", b2i(strings.Trim(a, "/") == "" && a != ""))))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
