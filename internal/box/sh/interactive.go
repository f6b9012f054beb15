package sh

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keyboard feeds the line editor and remembers whether Ctrl-C was what ended a line.
type keyboard struct {
	fd          int
	out         int
	interrupted bool
}

func (k *keyboard) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(k.fd, b)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return 0, io.EOF
		}
		k.interrupted = slices.Contains(b[:n], 3)
		return n, nil
	}
}

func (k *keyboard) Write(b []byte) (int, error) {
	if err := writeFD(k.out, string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// interact reads commands at a terminal until Ctrl-D or exit.
func (s *Shell) interact() {
	kb := &keyboard{fd: s.fds[0], out: s.fds[2]}
	var editor *term.Terminal
	// The editor keeps a line that Ctrl-C left, so a new one takes over, with the same history.
	renew := func() {
		old := editor
		editor = term.NewTerminal(kb, "")
		if old != nil {
			editor.History = old.History
		}
		editor.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
			if key != '\t' {
				return "", 0, false
			}
			return s.complete(line, pos)
		}
	}
	renew()
	text := ""
	for {
		if s.tty >= 0 && text == "" {
			s.tellJobs()
		}
		prompt := s.prompt()
		if text != "" {
			prompt = s.expandPrompt("PS2", "> ")
		}
		line, err := s.editLine(editor, kb, prompt)
		if err != nil {
			if kb.interrupted {
				kb.interrupted = false
				renew()
				s.writeErr("^C\n")
				text, s.status = "", 130
				continue
			}
			if text != "" {
				s.errf("syntax error: unexpected end of file")
				text, s.status = "", 2
				if errors.Is(err, io.EOF) {
					continue
				}
			}
			if s.tty >= 0 {
				s.writeErr("\n")
			}
			return
		}
		text += line + "\n"
		if text = s.runLines(text); s.flow == flowExit {
			return
		}
		s.flow = flowNone
	}
}

// runLines runs every complete command of text and returns what still needs more lines.
func (s *Shell) runLines(text string) string {
	for text != "" {
		n, _, rest, err := parseCommand(text, 1, s.alias)
		if errors.Is(err, errIncomplete) {
			return text
		}
		if err != nil {
			s.errf("%s", strings.TrimPrefix(err.Error(), "line 1: "))
			s.status = 2
			return ""
		}
		if n != nil {
			s.line = 0
			s.run(n)
		}
		if s.flow != flowNone {
			return ""
		}
		text = rest
	}
	return ""
}

// editLine reads one line in raw mode. The mode of before comes back whatever happens.
func (s *Shell) editLine(e *term.Terminal, kb *keyboard, prompt string) (string, error) {
	old, err := term.MakeRaw(kb.fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(kb.fd, old)
	if w, h, err := term.GetSize(kb.fd); err == nil && w > 0 && h > 0 {
		e.SetSize(w, h)
	}
	e.SetPrompt(prompt)
	line, err := e.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	return line, err
}

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

// complete extends the word before the cursor: a command in first place, else a path.
func (s *Shell) complete(line string, pos int) (string, int, bool) {
	start := strings.LastIndexAny(line[:pos], " \t|&;<>()") + 1
	word := line[start:pos]
	first := strings.TrimSpace(line[:start]) == "" || strings.ContainsAny(line[:start][len(strings.TrimRight(line[:start], " \t"))-1:], "|&;(")
	var found []string
	if first && !strings.Contains(word, "/") {
		list, _ := s.get("PATH")
		for dir := range strings.SplitSeq(list, ":") {
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), word) {
					found = append(found, e.Name()+" ")
				}
			}
		}
	} else {
		dir, base := filepath.Split(s.tilde(word))
		open := dir
		if open == "" {
			open = "."
		}
		entries, _ := os.ReadDir(open)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), base) || e.Name()[0] == '.' && base == "" {
				continue
			}
			tail := " "
			if isDir(filepath.Join(open, e.Name())) {
				tail = "/"
			}
			found = append(found, word[:len(word)-len(base)]+e.Name()+tail)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) == 0 {
		return "", 0, false
	}
	common := found[0]
	for _, f := range found[1:] {
		for !strings.HasPrefix(f, common) {
			common = common[:len(common)-1]
		}
	}
	if len(common) <= len(word) {
		return "", 0, false
	}
	return line[:start] + common + line[pos:], start + len(common), true
}
