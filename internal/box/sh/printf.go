package sh

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Echo gives the output of echo(1): -n leaves out the newline, -e takes escapes.
func Echo(args []string) string {
	newline, escapes := true, false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(args[0][1:], "neE") == "" {
		for _, c := range args[0][1:] {
			switch c {
			case 'n':
				newline = false
			case 'e':
				escapes = true
			case 'E':
				escapes = false
			}
		}
		args = args[1:]
	}
	text := strings.Join(args, " ")
	if escapes {
		stop := false
		if text, stop = cutC(text); stop {
			newline = false
		}
		text = unescape(text, true)
	}
	if newline {
		text += "\n"
	}
	return text
}

// cutC ends a text at \c.
func cutC(s string) (string, bool) {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '\\' {
			if s[i+1] == 'c' {
				return s[:i], true
			}
			i++
		}
	}
	return s, false
}

// Printf gives the output of printf(1): the format is used again until the arguments are spent.
func Printf(args []string) (string, error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return "", errors.New("usage: printf format [arg...]")
	}
	f := &formatter{args: args[1:]}
	for {
		left := len(f.args)
		if f.once(args[0]) || len(f.args) == 0 || len(f.args) == left {
			return f.out.String(), f.err
		}
	}
}

type formatter struct {
	args []string
	out  strings.Builder
	err  error
}

func (f *formatter) arg() string {
	if len(f.args) == 0 {
		return ""
	}
	a := f.args[0]
	f.args = f.args[1:]
	return a
}

func (f *formatter) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// integer reads 12, 0x1f, 017 and 'c.
func (f *formatter) integer() int64 {
	a := f.arg()
	if a == "" {
		return 0
	}
	if a[0] == '\'' || a[0] == '"' {
		r, _ := utf8.DecodeRuneInString(a[1:])
		return int64(r)
	}
	n, err := strconv.ParseInt(a, 0, 64)
	if err != nil {
		if u, e := strconv.ParseUint(a, 0, 64); e == nil {
			return int64(u)
		}
		f.fail(fmt.Errorf("%s: invalid number", a))
	}
	return n
}

// once goes through the format; true means that \c ended everything.
func (f *formatter) once(format string) bool {
	for i := 0; i < len(format); {
		c := format[i]
		if c == '\\' {
			if strings.HasPrefix(format[i:], "\\c") {
				return true
			}
			end := min(i+2, len(format))
			if end < len(format)+1 && i+1 < len(format) {
				switch e := format[i+1]; {
				case e >= '0' && e <= '7':
					end = i + 1 + digits(format[i+1:], 8, 3)
				case e == 'x':
					end = i + 2 + digits(format[i+2:], 16, 2)
				}
			}
			f.out.WriteString(unescape(format[i:end], false))
			i = end
			continue
		}
		if c != '%' {
			f.out.WriteByte(c)
			i++
			continue
		}
		n, stop := f.directive(format[i:])
		if stop {
			return true
		}
		i += n
	}
	return false
}

// directive handles one %… and returns its length.
func (f *formatter) directive(s string) (n int, stop bool) {
	spec := []byte{'%'}
	i := 1
	for i < len(s) && strings.IndexByte("-+ #0123456789.*", s[i]) >= 0 {
		if s[i] == '*' {
			spec = strconv.AppendInt(spec, min(max(f.integer(), -4096), 4096), 10)
		} else {
			spec = append(spec, s[i])
		}
		i++
	}
	for i < len(s) && strings.IndexByte("hlLjzt", s[i]) >= 0 {
		i++
	}
	if i >= len(s) {
		f.fail(fmt.Errorf("%s: invalid directive", s))
		return len(s), true
	}
	// A width from a hostile script must not take all memory.
	for _, w := range strings.FieldsFunc(string(spec), func(r rune) bool { return r < '0' || r > '9' }) {
		if len(w) > 5 {
			f.fail(fmt.Errorf("%s: invalid directive", s[:i+1]))
			return i + 1, true
		}
	}
	switch c := s[i]; c {
	case '%':
		f.out.WriteByte('%')
	case 'd', 'i':
		fmt.Fprintf(&f.out, string(spec)+"d", f.integer())
	case 'u':
		fmt.Fprintf(&f.out, string(spec)+"d", uint64(f.integer()))
	case 'o', 'x', 'X':
		fmt.Fprintf(&f.out, string(spec)+string(c), uint64(f.integer()))
	case 'e', 'E', 'f', 'F', 'g', 'G':
		a := f.arg()
		v, err := strconv.ParseFloat(a, 64)
		if err != nil && a != "" {
			f.fail(fmt.Errorf("%s: invalid number", a))
		}
		fmt.Fprintf(&f.out, string(spec)+string(c), v)
	case 'c':
		if a := f.arg(); a != "" {
			fmt.Fprintf(&f.out, string(spec)+"s", a[:1])
		}
	case 's':
		fmt.Fprintf(&f.out, string(spec)+"s", f.arg())
	case 'b':
		text, end := cutC(f.arg())
		fmt.Fprintf(&f.out, string(spec)+"s", unescape(strings.ReplaceAll(text, "\\0", "\\"), false))
		if end {
			return i + 1, true
		}
	case 'q':
		f.out.WriteString(Quote(f.arg()))
	default:
		f.fail(fmt.Errorf("%%%c: invalid directive", c))
		return i + 1, true
	}
	return i + 1, false
}
