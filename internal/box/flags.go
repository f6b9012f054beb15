package box

import (
	"strconv"
	"strings"
)

// flags are the options of one call: how often each letter was given, and its values.
type flags struct {
	count  [128]int
	values [128][]string
	order  []byte
}

func (f *flags) has(c byte) bool { return f.count[c] > 0 }

func (f *flags) value(c byte, otherwise string) string {
	if v := f.values[c]; len(v) > 0 {
		return v[len(v)-1]
	}
	return otherwise
}

// parse reads options as getopt_long(3) does. spec names letters, each with ':' if it takes a value;
// a leading '+' stops at the first operand, for commands that run others. long is "name=letter".
// What is left in c.args are the operands.
func (c *call) parse(spec string, long ...string) *flags {
	f := &flags{}
	early := strings.HasPrefix(spec, "+")
	spec = strings.TrimPrefix(spec, "+")
	takes := func(l byte) bool {
		i := strings.IndexByte(spec, l)
		return i >= 0 && i+1 < len(spec) && spec[i+1] == ':'
	}
	add := func(l byte, v string) {
		f.count[l]++
		f.values[l] = append(f.values[l], v)
		f.order = append(f.order, l)
	}
	var rest []string
	args := c.args
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case a == "--":
			rest = append(rest, args...)
			args = nil
		case len(a) < 2 || a[0] != '-':
			rest = append(rest, a)
			if early {
				rest = append(rest, args...)
				args = nil
			}
		case strings.HasPrefix(a, "--"):
			name, v, has := strings.Cut(a[2:], "=")
			l := c.longFlag(name, long)
			if takes(l) && !has {
				if len(args) == 0 {
					c.misuse("option '--%s' requires an argument", name)
				}
				v, args = args[0], args[1:]
			}
			add(l, v)
		default:
			for i := 1; i < len(a); i++ {
				l := a[i]
				if l >= 128 || l == ':' || strings.IndexByte(spec, l) < 0 {
					c.misuse("unrecognized option: %c", l)
				}
				if !takes(l) {
					add(l, "")
					continue
				}
				v := a[i+1:]
				if v == "" {
					if len(args) == 0 {
						c.misuse("option requires an argument: %c", l)
					}
					v, args = args[0], args[1:]
				}
				add(l, v)
				break
			}
		}
	}
	c.args = rest
	return f
}

// longFlag finds the letter of a long option, also by an unambiguous beginning.
func (c *call) longFlag(name string, long []string) byte {
	if name == "help" {
		c.printf("Usage: %s\n", c.usage)
		c.exit(0)
	}
	found := byte(0)
	for _, l := range long {
		n, letter, _ := strings.Cut(l, "=")
		if n == name {
			return letter[0]
		}
		if strings.HasPrefix(n, name) {
			if found != 0 && found != letter[0] {
				c.misuse("ambiguous option: --%s", name)
			}
			found = letter[0]
		}
	}
	if found == 0 {
		c.misuse("unrecognized option: --%s", name)
	}
	return found
}

// operands checks how many there are; most < 0 is any number.
func (c *call) operands(least, most int) {
	if len(c.args) < least {
		c.misuse("missing operand")
	}
	if most >= 0 && len(c.args) > most {
		c.misuse("extra operand '%s'", c.args[most])
	}
}

func (c *call) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		c.fail("invalid number '%s'", s)
	}
	return n
}

// bytes reads 512, 10k, 1M, 2G: units of 1024.
func (c *call) bytes(s string) int64 {
	digits := strings.TrimRight(strings.ToLower(s), "bi")
	unit := int64(1)
	if digits != "" {
		if i := strings.IndexByte("kmgt", digits[len(digits)-1]); i >= 0 {
			unit <<= 10 * (i + 1)
			digits = digits[:len(digits)-1]
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		c.fail("invalid size '%s'", s)
	}
	return n * unit
}

// human writes a number of bytes as ls -h and df -h do: 1.5K, 20M.
func human(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10)
	}
	v, i := float64(n), -1
	for v >= 1024 && i < 5 {
		v /= 1024
		i++
	}
	unit := string("KMGTPE"[i])
	if v < 9.95 {
		return strconv.FormatFloat(v, 'f', 1, 64) + unit
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + unit
}
