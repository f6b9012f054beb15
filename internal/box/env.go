package box

import (
	"os"
	"slices"
	"strings"
)

func env(c *call) {
	f := c.parse("+iu:0C:", "ignore-environment=i", "unset=u", "null=0", "chdir=C")
	vars := os.Environ()
	if f.has('i') {
		vars = nil
	}
	drop := func(name string) {
		vars = slices.DeleteFunc(vars, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	}
	for _, u := range f.values['u'] {
		drop(u)
	}
	for len(c.args) > 0 && (strings.Contains(c.args[0], "=") || c.args[0] == "-") {
		if name, _, ok := strings.Cut(c.args[0], "="); ok {
			drop(name)
			vars = append(vars, c.args[0])
			if name == "PATH" {
				os.Setenv("PATH", c.args[0][5:])
			}
		} else {
			vars = nil
		}
		c.args = c.args[1:]
	}
	if d := f.value('C', ""); d != "" {
		if err := os.Chdir(d); err != nil {
			c.fail("cannot change directory to '%s': %s", d, text(err))
		}
	}
	if len(c.args) > 0 {
		c.become(c.args, vars)
	}
	end := "\n"
	if f.has('0') {
		end = "\x00"
	}
	for _, kv := range vars {
		c.printf("%s%s", kv, end)
	}
}

func printenv(c *call) {
	if len(c.args) == 0 {
		for _, kv := range os.Environ() {
			c.printf("%s\n", kv)
		}
	}
	for _, a := range c.args {
		if v, ok := os.LookupEnv(a); ok {
			c.printf("%s\n", v)
		} else {
			c.code = 1
		}
	}
}
