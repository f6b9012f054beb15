package sh

import (
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Match reports whether name matches the shell pattern: * ? [a-z] [!a] [[:digit:]] and \x,
// as fnmatch(3) without flags.
func Match(pattern, name string) bool { return match(pattern, name) }

// match walks the pattern once and goes back only to the last *, so that it is never exponential.
func match(pat, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) || p < len(pat) {
		if p < len(pat) {
			if pat[p] == '*' {
				star, mark = p, i
				p++
				continue
			}
			if i < len(s) {
				if pn, sn, ok := matchOne(pat[p:], s[i:]); ok {
					p += pn
					i += sn
					continue
				}
			}
		}
		if star < 0 || mark >= len(s) {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		p, i = star+1, mark
	}
	return true
}

// matchOne matches one character of s with the first element of pat.
func matchOne(pat, s string) (pn, sn int, ok bool) {
	r, sn := utf8.DecodeRuneInString(s)
	switch pat[0] {
	case '?':
		return 1, sn, true
	case '[':
		if n, in, valid := bracket(pat, r); valid {
			return n, sn, in
		}
	case '\\':
		if len(pat) > 1 {
			pr, n := utf8.DecodeRuneInString(pat[1:])
			return n + 1, sn, pr == r && pat[1:1+n] == s[:sn]
		}
	}
	pr, pn := utf8.DecodeRuneInString(pat)
	return pn, sn, pr == r && pat[:pn] == s[:sn]
}

// bracket matches r with the bracket expression at the start of pat; valid is false if it is not closed.
func bracket(pat string, r rune) (n int, in, valid bool) {
	i := 1
	negate := i < len(pat) && (pat[i] == '!' || pat[i] == '^')
	if negate {
		i++
	}
	char := func() rune {
		if pat[i] == '\\' && i+1 < len(pat) {
			i++
		}
		c, w := utf8.DecodeRuneInString(pat[i:])
		i += w
		return c
	}
	for first := true; i < len(pat); first = false {
		if pat[i] == ']' && !first {
			return i + 1, in != negate, true
		}
		if strings.HasPrefix(pat[i:], "[:") {
			if end := strings.Index(pat[i:], ":]"); end > 1 {
				in = in || class(pat[i+2:i+end], r)
				i += end + 2
				continue
			}
		}
		lo := char()
		hi := lo
		if i+1 < len(pat) && pat[i] == '-' && pat[i+1] != ']' {
			i++
			hi = char()
		}
		in = in || lo <= r && r <= hi
	}
	return 0, false, false
}

func class(name string, r rune) bool {
	switch name {
	case "alpha":
		return unicode.IsLetter(r)
	case "digit":
		return r >= '0' && r <= '9'
	case "alnum":
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	case "upper":
		return unicode.IsUpper(r)
	case "lower":
		return unicode.IsLower(r)
	case "space":
		return unicode.IsSpace(r)
	case "blank":
		return r == ' ' || r == '\t'
	case "punct":
		return unicode.IsPunct(r) || unicode.IsSymbol(r)
	case "cntrl":
		return unicode.IsControl(r)
	case "print":
		return unicode.IsPrint(r)
	case "graph":
		return unicode.IsPrint(r) && r != ' '
	case "xdigit":
		return r < 128 && strings.IndexByte("0123456789abcdefABCDEF", byte(r)) >= 0
	}
	return false
}

// glob gives the existing paths that a pattern names, sorted; none if nothing matches.
func glob(pat string) []string {
	root := ""
	for strings.HasPrefix(pat, "/") {
		root, pat = "/", pat[1:]
	}
	found := []string{root}
	for pat != "" {
		comp, rest, more := strings.Cut(pat, "/")
		for strings.HasPrefix(rest, "/") {
			rest = rest[1:]
		}
		var out []string
		for _, dir := range found {
			out = append(out, globDir(dir, comp, more)...)
		}
		found, pat = out, rest
	}
	slices.Sort(found)
	return found
}

// globDir matches the names of one directory; where more of the path follows, only directories.
func globDir(dir, comp string, more bool) []string {
	tail := ""
	if more {
		tail = "/"
	}
	if !strings.ContainsAny(comp, "*?[") {
		path := dir + unquotePattern(comp)
		if _, err := os.Lstat(path + tail); err != nil {
			return nil
		}
		return []string{path + tail}
	}
	open := dir
	if open == "" {
		open = "."
	}
	f, err := os.Open(open)
	if err != nil {
		return nil
	}
	names, _ := f.Readdirnames(-1)
	f.Close()
	if strings.HasPrefix(comp, ".") || strings.HasPrefix(comp, "\\.") {
		names = append(names, ".", "..")
	}
	var out []string
	for _, n := range names {
		if n[0] == '.' && comp[0] != '.' && !strings.HasPrefix(comp, "\\.") || !match(comp, n) {
			continue
		}
		if more {
			if st, err := os.Stat(dir + n); err != nil || !st.IsDir() {
				continue
			}
		}
		out = append(out, dir+n+tail)
	}
	return out
}

func unquotePattern(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
