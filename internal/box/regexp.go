package box

import "strings"

// basicRegexp turns a basic regular expression into the syntax of package regexp, see regex(7).
func basicRegexp(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '\\' && i+1 < len(s):
			i++
			if strings.IndexByte("(){}|+?", s[i]) >= 0 {
				b.WriteByte(s[i])
			} else {
				b.WriteString(`\` + string(s[i]))
			}
		case ch == '[':
			end := bracketEnd(s, i)
			b.WriteString(strings.ReplaceAll(s[i:end], `\`, `\\`))
			i = end - 1
		case strings.IndexByte("(){}|+?", ch) >= 0:
			b.WriteString(`\` + string(ch))
		case ch == '*' && (i == 0 || strings.HasSuffix(s[:i], `\(`) || i == 1 && s[0] == '^'):
			b.WriteString(`\*`)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

func bracketEnd(s string, i int) int {
	j := i + 1
	if j < len(s) && s[j] == '^' {
		j++
	}
	if j < len(s) && s[j] == ']' {
		j++
	}
	for j < len(s) && s[j] != ']' {
		if strings.HasPrefix(s[j:], "[:") {
			if e := strings.Index(s[j:], ":]"); e > 0 {
				j += e + 1
			}
		}
		j++
	}
	return min(j+1, len(s))
}

// wordEdges gives \< and \> the meaning they have in GNU tools.
func wordEdges(s string) string {
	return strings.NewReplacer(`\\`, `\\`, `\<`, `\b`, `\>`, `\b`).Replace(s)
}
