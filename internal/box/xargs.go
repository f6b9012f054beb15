package box

import (
	"bufio"
	"strings"
)

func xargs(c *call) {
	f := c.parse("+0rtn:I:P:L:d:", "null=0", "no-run-if-empty=r", "max-args=n", "replace=I", "max-procs=P")
	argv := c.args
	if len(argv) == 0 {
		argv = []string{"echo"}
	}
	n := c.number(f.value('n', f.value('L', "1000")))
	if f.has('I') {
		n = 1
	}
	var items []string
	status, ran := 0, false
	run := func() {
		var full []string
		if rep := f.value('I', ""); rep != "" {
			for _, a := range argv {
				full = append(full, strings.ReplaceAll(a, rep, strings.Join(items, "")))
			}
		} else {
			full = append(append(full, argv...), items...)
		}
		items, ran = nil, true
		if f.has('t') {
			c.err.Write([]byte(strings.Join(full, " ") + "\n"))
		}
		switch code := c.spawn(full, nil); {
		case code == 255:
			c.fail("%s: exited with status 255; aborting", argv[0])
		case code >= 126:
			status = max(status, code)
		case code != 0:
			status = max(status, 123)
		}
	}
	bytes := 0
	readItems(bufio.NewReader(c.in), f, func(s string) {
		items = append(items, s)
		if bytes += len(s) + 1; len(items) >= n || bytes > 100<<10 {
			run()
			bytes = 0
		}
	})
	if len(items) > 0 || !ran && !f.has('r') && !f.has('I') {
		run()
	}
	c.code = status
}

// readItems splits the input of xargs: at NUL, at lines, or at blanks with quotes.
func readItems(br *bufio.Reader, f *flags, item func(string)) {
	var cur []byte
	has := false
	var quote byte
	end := func() {
		if has {
			item(string(cur))
		}
		cur, has = nil, false
	}
	sep := byte(0)
	whole := f.has('0') || f.has('d')
	if d := f.value('d', ""); d != "" {
		sep = trEscape(d)[0]
	}
	for {
		b, err := br.ReadByte()
		if err != nil {
			end()
			return
		}
		switch {
		case whole:
			if b == sep {
				end()
				continue
			}
		case quote != 0:
			if b == quote {
				quote = 0
				continue
			}
		case b == '\n', (b == ' ' || b == '\t') && (!f.has('I') || !has):
			end()
			continue
		case b == '\'' || b == '"':
			quote, has = b, true
			continue
		case b == '\\':
			if b, err = br.ReadByte(); err != nil {
				continue
			}
		}
		cur, has = append(cur, b), true
	}
}
