package sh

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keyboard feeds the line editor and remembers whether Ctrl-C was what ended a line. What was typed after that is for the next editor.
type keyboard struct {
	fd          int
	out         int
	interrupted bool
	rest        []byte
}

func (k *keyboard) Read(b []byte) (int, error) {
	n, err := k.read(b)
	if err != nil {
		return 0, err
	}
	at := bytes.IndexByte(b[:n], ctrlC)
	if k.interrupted = at >= 0; k.interrupted {
		k.rest = slices.Concat(b[at+1:n], k.rest)
		n = at + 1
	}
	return copy(b, oneSpelling(b[:n])), nil
}

const ctrlC = 3

func (k *keyboard) read(b []byte) (int, error) {
	if len(k.rest) > 0 {
		n := copy(b, k.rest)
		k.rest = k.rest[n:]
		return n, nil
	}
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
		return n, nil
	}
}

// oneSpelling turns the sequences that terminals send for Home, End and the arrows into those that the
// line editor knows. None gets longer.
func oneSpelling(b []byte) []byte {
	if !bytes.Contains(b, []byte("\x1b")) {
		return b
	}
	return []byte(strings.NewReplacer("\x1b[1~", "\x1b[H", "\x1b[7~", "\x1b[H", "\x1bOH", "\x1b[H", "\x1b[4~", "\x1b[F", "\x1b[8~", "\x1b[F", "\x1bOF", "\x1b[F",
		"\x1bOA", "\x1b[A", "\x1bOB", "\x1b[B", "\x1bOC", "\x1b[C", "\x1bOD", "\x1b[D").Replace(string(b)))
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
