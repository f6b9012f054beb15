package sh

import (
	"os"
	"path/filepath"
	"strings"
)

// prompt is "/ # " for root and "/ $ " for others, unless PS1 says something else.
func (s *Shell) prompt() string { return s.expandPrompt("PS1", `\w \$ `) }

func (s *Shell) expandPrompt(name, otherwise string) string {
	p, ok := s.get(name)
	if !ok {
		p = otherwise
	}
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] != '\\' || i+1 >= len(p) {
			b.WriteByte(p[i])
			continue
		}
		i++
		switch p[i] {
		case 'w', 'W':
			dir, _ := s.get("PWD")
			if home, _ := s.get("HOME"); len(home) > 1 && (dir == home || strings.HasPrefix(dir, home+"/")) {
				dir = "~" + dir[len(home):]
			}
			if p[i] == 'W' {
				dir = filepath.Base(dir)
			}
			b.WriteString(dir)
		case 'h', 'H':
			h, _ := os.Hostname()
			if p[i] == 'h' {
				h, _, _ = strings.Cut(h, ".")
			}
			b.WriteString(h)
		case 'u':
			u, ok := s.get("USER")
			if !ok {
				if u = "user"; os.Geteuid() == 0 {
					u = "root"
				}
			}
			b.WriteString(u)
		case '$':
			c := byte('$')
			if os.Geteuid() == 0 {
				c = '#'
			}
			b.WriteByte(c)
		case 'e':
			b.WriteByte(0x1b)
		case '[', ']':
		case 'n':
			b.WriteByte('\n')
		default:
			b.WriteByte('\\')
			b.WriteByte(p[i])
		}
	}
	// Variables in PS1 are expanded as in a here-document.
	out := b.String()
	if strings.ContainsRune(out, '$') && ok {
		s.guard(func() {
			ps := &parser{src: out, u: &unit{}}
			defer func() {
				if e, isErr := recover().(error); isErr && e != nil {
					_ = e // a prompt that cannot be parsed is shown as it is
				}
			}()
			out = s.str(ps.quotedParts(0))
		})
		s.flow = flowNone
	}
	return out
}
