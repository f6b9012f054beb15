package box

import "strings"

// substitute is s///; it says whether anything was replaced.
func (r *sedRun) substitute(cmd *sedCommand) bool {
	var b strings.Builder
	at, n := 0, 0
	for _, m := range cmd.re.FindAllStringSubmatchIndex(r.pattern, -1) {
		if n++; n < cmd.nth {
			continue
		}
		b.WriteString(r.pattern[at:m[0]])
		expandSed(&b, cmd.replacement, r.pattern, m)
		if at = m[1]; !cmd.global {
			break
		}
	}
	if n < max(cmd.nth, 1) {
		return false
	}
	r.pattern = b.String() + r.pattern[at:]
	return true
}

// expandSed writes a replacement: & and \0 are the match, \1 to \9 its groups, \n a newline.
func expandSed(b *strings.Builder, replacement, src string, m []int) {
	group := func(n int) {
		if m[2*n] >= 0 {
			b.WriteString(src[m[2*n]:m[2*n+1]])
		}
	}
	for i := 0; i < len(replacement); i++ {
		ch := replacement[i]
		switch {
		case ch == '&':
			group(0)
		case ch != '\\' || i+1 == len(replacement):
			b.WriteByte(ch)
		default:
			i++
			switch ch = replacement[i]; {
			case ch >= '0' && ch <= '9':
				group(int(ch - '0'))
			case ch == 'n':
				b.WriteByte('\n')
			case ch == 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(ch)
			}
		}
	}
}
